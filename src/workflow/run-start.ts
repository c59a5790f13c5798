import type { Workflow } from './definition/index.ts'
import type { Json } from './json.ts'

/** All that a run starts from. The same on every replay. */
export interface RunStart {
  readonly id: string
  /** A validated definition as plain data. What is compiled of it is kept with the object: give runs the same one. */
  readonly workflow: Workflow
  /** The raw input. */
  readonly input: Json
  /** Milliseconds since 1970, UTC. */
  readonly startedAt: number
  /** Values of the secrets that `use.secrets` lists; one that does not exist is missing here. */
  readonly secrets: { readonly [name: string]: Json }
  /** What `$runtime` says. */
  readonly runtime: {
    readonly name: string
    readonly version: string
    readonly metadata: { readonly [key: string]: Json }
  }
  /** A rerun may give one task other raw input than it would get. */
  readonly override?: { readonly key: string; readonly input: Json }
}
