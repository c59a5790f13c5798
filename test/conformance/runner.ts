import type { CloudEvent, Json, JsonObject, Problem } from '../../src/workflow/index.ts'
import type { Internet } from '../servers/internet/index.ts'

/**
 * Runs one definition from its text to its end. Two do: `engine-runner.ts` in this process, `cli-runner.ts`
 * through the built program, which is the public contract.
 */
export interface Runner {
  readonly name: 'engine' | 'cli'
  run(given: Given): Promise<Ended>
  close(): Promise<void>
}

export interface Given {
  /** The definition's text, YAML or JSON, passed on to the byte. */
  readonly definition: string
  readonly input?: Json
  readonly secrets?: JsonObject
  /** Texts of further definitions that it may run. */
  readonly others?: readonly string[]
  /** Published in order, each once the run waits for one. */
  readonly events?: readonly CloudEvent[]
  /** Content of the project's folder by path: function files, resources. */
  readonly files?: { readonly [path: string]: string }
  /** Ends a run that would wait for ever: it is cancelled as soon as this resolves. */
  readonly cancelWhen?: (internet: Internet) => Promise<void>
}

export interface Ended {
  readonly status: 'completed' | 'faulted' | 'cancelled' | 'invalid'
  /** Of a completed run. */
  readonly output?: Json
  /** Of a faulted run. */
  readonly error?: Problem
  /** Of an invalid definition: what the loader says, as text. */
  readonly findings?: string
  /** Lifecycle CloudEvents in order. */
  readonly lifecycle: readonly CloudEvent[]
  /** CloudEvents that the run emitted, in order. */
  readonly emitted: readonly CloudEvent[]
}
