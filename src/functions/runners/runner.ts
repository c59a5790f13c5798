import type { ActivityRunner } from '../../engines/engine.ts'
import type { HttpClient } from '../../http/index.ts'
import type { ProcessSettings } from '../../processes/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { Answer } from '../answers.ts'
import type { Contract } from '../contract.ts'
import type { FunctionContext } from '../port.ts'

/** One way to run functions: a folder of `runners/` exports one, and `runners/index.ts` lists it. */
export interface RunnerKind {
  readonly name: string
  /** By which words of the language, for people: `run: shell`. */
  readonly words: string
  /** What `metadata.protocol` may be. */
  readonly protocols: readonly string[]
  /** Whether these are the words of a task. */
  fits(definition: JsonObject): boolean
  /** Throws a `configuration` fault where the function says what this way cannot do. */
  check(contract: Contract): void
  open(host: RunnerHost): Runner
}

export interface Runner {
  /**
   * One answer for each record, in the order of the records. Rejects with a `WorkflowFault` where the function cannot
   * be run at all, and with the signal's reason.
   */
  run(contract: Contract, records: readonly Json[], context: RunContext): Promise<readonly Answer[]>
  /** Starts the function once with nothing to do, and tells why it cannot be run, if that is seen by it. */
  trial?(contract: Contract, context: RunContext): Promise<string | undefined>
  /** Ends what works for one run alone. */
  endRun?(runId: string): Promise<void>
  /** The function's files have changed: what is kept of them is not used again. */
  renew?(): Promise<void>
  close(): Promise<void>
}

export type RunContext = FunctionContext & { readonly http: HttpClient }

/** What runners are given once. */
export interface RunnerHost {
  /** Carries out what the language has words for already: calls, containers, resources. */
  readonly activities: ActivityRunner
  readonly processes: ProcessSettings
  /** Most processes of all functions at once. */
  readonly maxProcesses: number
  /** Milliseconds after which a process that has nothing to do is ended. */
  readonly idleMs: number
  readonly log: FunctionLog
}

/** One line of the log: what a function says of itself. */
export type FunctionLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  data?: { [key: string]: Json },
) => void
