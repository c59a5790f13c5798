import { Type } from 'typebox'

/** dsl-reference.md, "URI Template": RFC 6570 simple expansion only; the alternative is an expression in `${ }`. */
export function uri(description: string, options: object = {}) {
  return Type.String({
    description,
    minLength: 1,
    pattern:
      '^\\s*\\$\\{[\\s\\S]+\\}\\s*$|^(?!\\s*\\$\\{)(?=\\S)([^:/?#]+:)?(//[^/?#\\s]*)?[^?#\\s]*(\\?[^#\\s]*)?(#\\S*)?$',
    'x-role': 'uri',
    'x-form': 'a URI, a URI template such as https://example.org/{id}, or an expression in ${ }',
    ...options,
  })
}
