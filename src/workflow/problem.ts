import type { Json } from './json.ts'

/**
 * An error of a run: problem details (RFC 9457) as the specification's `error` has them.
 * `instance` is the JSON pointer (RFC 6901) of the task that raised it, e.g. `/do/0/tryGetPet/try/0/getPet`.
 */
export interface Problem {
  type: string
  status: number
  instance?: string
  title?: string
  detail?: string
  [extension: string]: Json | undefined
}

export const standardErrors = {
  configuration: { status: 400, title: 'Configuration Error' },
  validation: { status: 400, title: 'Validation Error' },
  expression: { status: 400, title: 'Expression Error' },
  authentication: { status: 401, title: 'Authentication Error' },
  authorization: { status: 403, title: 'Authorization Error' },
  timeout: { status: 408, title: 'Timeout' },
  communication: { status: 500, title: 'Communication Error' },
  runtime: { status: 500, title: 'Runtime Error' },
} as const

export type StandardError = keyof typeof standardErrors

/** Where the standard error types live for DSL 1.0.x; the renamed main's address is matched as equal. */
const standardErrorBase = 'https://serverlessworkflow.io/spec/1.0.0/errors/'

/** A standard error (dsl-reference.md, "Standard Error Types") with its default status and title. */
export function problem(kind: StandardError, detail: string, extra: Partial<Problem> = {}): Problem {
  return { type: standardType(kind), ...standardErrors[kind], detail, ...extra }
}

export function standardType(kind: StandardError): string {
  return standardErrorBase + kind
}

/**
 * What the interpreter and activities throw: it carries problem details and nothing else that counts.
 * Recognise it with `problemOf`, which also sees one that crossed a thread or a sandbox.
 */
export class WorkflowFault extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.title ?? problem.type}${problem.detail ? `: ${problem.detail}` : ''}`)
    this.name = 'WorkflowFault'
    this.problem = problem
  }
}

export function fault(kind: StandardError, detail: string, extra?: Partial<Problem>): WorkflowFault {
  return new WorkflowFault(problem(kind, detail, extra))
}

/** The problem details that `error` carries, or `undefined` if it is not a fault of a run. */
export function problemOf(error: unknown): Problem | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const candidate = (error as { problem?: unknown }).problem
  if (typeof candidate !== 'object' || candidate === null) return undefined
  const { type, status } = candidate as Partial<Problem>
  return typeof type === 'string' && typeof status === 'number' ? (candidate as Problem) : undefined
}

const standardTypes =
  /^(?:https?:\/\/)+(?:serverlessworkflow\.io(?:\.io)?|open-workflow-specification\.org)\/(?:spec\/[^/]+\/errors|dsl\/errors\/types)\/([a-z]+)$/

/**
 * Whether two error types mean the same. A standard error has several addresses: that of DSL 1.0.x, that of the
 * specification's new home, and the `dsl/errors/types` that its conformance kit and examples use.
 */
export function sameErrorType(a: string, b: string): boolean {
  if (a === b) return true
  const name = standardTypes.exec(a)?.[1]
  return name !== undefined && Object.hasOwn(standardErrors, name) && name === standardTypes.exec(b)?.[1]
}
