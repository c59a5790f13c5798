import type { Json } from './json.ts'

/**
 * An effect on the world that a task asks for: what, and with which data. All expressions in `input` are
 * evaluated, and a policy named by `authentication: { use }` is put in its place.
 *
 * Kinds of this project (one folder each under `activities/`), with their input and result:
 * - `http`, `openapi`, `grpc`, `asyncapi`, `a2a`, `mcp`: the call's `with`; the call's output.
 *   In every `endpoint` the URI template is expanded and the form is `{ uri, authentication? }`.
 * - `shell`, `script`, `container`: the process's definition and `return`; its output as `return` says.
 * - `resource`: `{ endpoint: { uri, authentication? } }`; `{ content: string, mediaType: string }`.
 * - `function`: `{ name, version, catalog, endpoint? }` or `{ endpoint }`; the content of `function.yaml` as JSON.
 * - `authorize`: an authentication policy; `{ scheme, parameter }`.
 * - `emit`: a CloudEvent; the same. Engines carry this one out themselves, so that the event and the
 *   journal entry are one transaction.
 */
export interface ActivityCall {
  readonly kind: string
  readonly input: Json
  /**
   * With `false` the promise resolves with `null` as soon as the activity is durably due; it then runs to its
   * end apart from the run, at least once, and its failure is logged.
   */
  readonly wait?: boolean
  /** With `true` the result is never stored: a replay carries the activity out again. */
  readonly secret?: boolean
}
