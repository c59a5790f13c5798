/**
 * The one table of Sluse's own errors. A code is stable for ever; what is printed for it may improve.
 * Match by `code`, never by class: a class does not survive a worker thread or a sandbox.
 *
 * Errors that a *pipeline* raises, catches and ends with are problem details (RFC 9457) and live in
 * `workflow/problem.ts`; a row of this table is for those who write, start and operate pipelines.
 */
export interface ErrorEntry {
  /** One sentence: what happened. */
  readonly what: string
  /** One sentence: what to do about it. */
  readonly todo: string
  /** The HTTP status with which the API answers it. */
  readonly status: number
}

export const errorTable = {
  'SLUSE-RUN-NOT-FOUND': {
    what: 'There is no run with this id.',
    todo: 'List the runs with `sluse runs list`; a run is removed when its retention has passed.',
    status: 404,
  },
  'SLUSE-RUN-ENDED': {
    what: 'The run has already ended, so it cannot be cancelled, suspended or resumed.',
    todo: 'Rerun it instead: `sluse runs rerun <id>`.',
    status: 409,
  },
  'SLUSE-RUN-STATE': {
    what: 'The run is not in a state in which this can be done.',
    todo: 'Look at its status first: only a suspended run is resumed, only a run under way is suspended.',
    status: 409,
  },
  'SLUSE-RUN-TASK': {
    what: 'The run has no task with this reference, so it cannot be rerun from there.',
    todo: 'Give the reference of a task that has started in the run, as `sluse runs show <id>` prints it.',
    status: 422,
  },
  'SLUSE-DEFINITION-NOT-FOUND': {
    what: 'No definition of this namespace, name and version is deployed.',
    todo: 'Deploy it, or correct the name; `sluse validate` lists what the project holds.',
    status: 404,
  },
  'SLUSE-DEFINITION-INVALID': {
    what: 'The definition is not valid, so nothing was started or deployed.',
    todo: 'Correct each finding; every one names its file, line and JSON pointer.',
    status: 422,
  },
  'SLUSE-EVENT-INVALID': {
    what: 'The body is not a valid CloudEvent 1.0.',
    todo: 'Send id, source, type and specversion "1.0", in structured, binary or batch mode.',
    status: 400,
  },
  'SLUSE-STORE-FULL': {
    what: 'The disk is full, so nothing more can be made durable; nothing that was acknowledged is lost.',
    todo: 'Free space where SLUSE_DATA lies; the server goes on by itself when writing works again.',
    status: 507,
  },
  'SLUSE-STORE': {
    what: 'The database refused to write or to read.',
    todo: 'Run `sluse doctor`; the cause is in the log beside this code.',
    status: 500,
  },
  'SLUSE-REPLAY': {
    what: 'A run does not replay as it was recorded, so it was stopped rather than continued wrongly.',
    todo: 'Report it with the run id; meanwhile rerun the run from its last good task.',
    status: 500,
  },
  'SLUSE-CLOSING': {
    what: 'The server is stopping and takes no new work.',
    todo: 'Send it again to another instance, or when the server is back.',
    status: 503,
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

/** An error of the table, with what is particular to this case as its detail. */
export class SluseError extends Error {
  readonly code: ErrorCode
  /** What is particular to this case: a name, a value, a cause. Never a secret. */
  readonly detail: string
  readonly data: unknown

  constructor(code: ErrorCode, detail = '', options?: { cause?: unknown; data?: unknown }) {
    super(`${errorTable[code].what}${detail ? ` ${detail}` : ''} (${code})`, { cause: options?.cause })
    this.name = 'SluseError'
    this.code = code
    this.detail = detail
    this.data = options?.data
  }
}

/** Whether `error` carries this code, wherever it was made. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === 'object' && error !== null && (error as { code?: unknown }).code === code
}
