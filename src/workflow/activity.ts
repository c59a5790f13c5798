import type { Json } from './json.ts'

/**
 * An effect on the world that a task asks for: what, and with which data. All expressions in `input` are
 * evaluated, a policy named by `authentication: { use }` is put in its place, a duration is `{ milliseconds }`.
 * A policy that a secret holds stays `{ <scheme>: { use: <secret> } }`: the activity reads the secret itself.
 *
 * Kinds of this project (one folder each under `activities/`), with their input and result:
 * - `http`, `openapi`, `grpc`, `asyncapi`, `a2a`, `mcp`: the call's `with`; the call's output.
 *   In every `endpoint` the URI template is expanded and the form is `{ uri, authentication? }`.
 *   For `http` and `openapi` also `metadata: { saveTo }` where the task has it: the body then goes to a file.
 * - `asyncapi` with a `subscription`: `filter`, `consume.while` and `consume.until` stay text (`${ … }`), for the
 *   activity to evaluate on each message (`filter`) or on the array of messages so far (`while`, `until`), with
 *   `variables` as their arguments. The output is the array of messages `{ payload, headers, correlationId? }`.
 * - `asyncapi` with a `subscription.next: { index, position }`: tasks run between two messages, so each request is
 *   for one more; `consume` is `{ amount: 1, for? }`. The output is `{ message, position }`, or `{ done: true }` when
 *   time is over. `position` is any JSON by which the next request goes on from there; it is `null` in the first.
 *   The requests of one subscription have the keys `…/message[0]`, `…/message[1]`, …; the last one is `{ end: true }`
 *   in `next`, asks for nothing, and is not waited for. It does not come where the run was cancelled.
 * - `shell`, `script`, `container`: the process's definition and `return`; its output as `return` says.
 * - `resource`: `{ endpoint: { uri, authentication? } }`; `{ content: string, mediaType: string }`.
 * - `function`: `{ name, version, catalog, endpoint? }` or `{ endpoint }`; the content of `function.yaml` as JSON.
 *   An `endpoint` is the function's own address, pages of GitHub and GitLab already turned into raw content.
 * - `approval`: the `with` of `approve:1.0.0@default` and `task`, the task's key; `{ approval }` while it is open, and
 *   `{ approval, decision, … }` once it is decided. The same run and task is the same approval.
 * - `invoke`: `{ definition, input, reference? | address? }`, a function with a `metadata.protocol` and what it is
 *   given; its answer.
 * - `transfer`: the `with` of `transfer:1.0.0@default`; its counts and the dataset's URI.
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
  /** What the pipeline itself does about a failure to communicate. Not given: the run ends by it. */
  readonly onFailure?: OnFailure
}

/**
 * The tasks around a call that would take its failure: `retried` where they only try again, `caught` where they go
 * on some other way. Whoever carries the call out then need not try again itself.
 */
export type OnFailure = 'retried' | 'caught'

/**
 * Thrown by what carries activities out: not now. The engine records it, lets go of the run as for a timer, and
 * carries the activity out again at `until` with `attempt` as given. It is no failure, and no task sees it.
 */
export class Postponed extends Error {
  readonly code = 'SLUSE-POSTPONED'
  /** Milliseconds since 1970, UTC. */
  readonly until: number
  /** What the next request has as its `attempt`: how many attempts have failed so far. */
  readonly attempt: number
  /** For people: `the circuit breaker of finance is open`. */
  readonly reason: string
  /**
   * What has to open first, where that may be before or after `until`: an engine with a `Gatekeeper` waits for it,
   * any other for the time.
   */
  readonly gate: string | undefined

  constructor(until: number, attempt: number, reason: string, gate?: string) {
    super(`postponed: ${reason}`)
    this.gate = gate
    this.name = 'Postponed'
    this.until = until
    this.attempt = attempt
    this.reason = reason
  }
}

/** By its code: a class does not survive a thread. */
export function isPostponed(error: unknown): error is Postponed {
  return error instanceof Error && (error as { code?: unknown }).code === 'SLUSE-POSTPONED'
}
