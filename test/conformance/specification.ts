/**
 * The folder of the specification's schema, examples and conformance scenarios: beside the repository, not in
 * it. Where it is missing, the tests that need it say so and skip.
 */
export const specification = new URL('../../../shared/spec/', import.meta.url)
