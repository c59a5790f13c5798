import { dateTime } from './date-time.ts'
import type { Task } from './definition/index.ts'
import type { DurableContext } from './durable-context.ts'
import type { Frame, Surroundings } from './frame.ts'
import type { Json } from './json.ts'
import type { LifecycleReport } from './lifecycle.ts'
import { limits } from './limits.ts'
import { fault } from './problem.ts'
import type { ListNode, Program, TaskNode } from './program.ts'
import type { RunStart } from './run-start.ts'

/** What is one per run: its start, its way to the world, and how far it has gone. */
export class Run {
  readonly start: RunStart
  readonly program: Program
  readonly context: DurableContext
  readonly perform: Perform
  /** Functions that were fetched, by reference: within a run a function is always the same. */
  readonly functions = new Map<string, Task>()
  #tasks = 0
  #quiet = 0
  #secrets: { [name: string]: Json } | undefined
  #workflow: Json | undefined
  #runtime: Json | undefined

  constructor(start: RunStart, program: Program, context: DurableContext, perform: Perform) {
    this.start = start
    this.program = program
    this.context = context
    this.perform = perform
  }

  /** Counts a task. True where the run has gone long without an effect and must let its engine breathe. */
  count(): boolean {
    if (++this.#tasks > limits.tasks) {
      throw fault('runtime', `The run has performed ${limits.tasks} tasks, which is as many as one run may.`)
    }
    if (++this.#quiet <= limits.tasksWithoutEffect) return false
    this.#quiet = 0
    return true
  }

  /** To be called with every effect. */
  stirred(): void {
    this.#quiet = 0
  }

  report(event: LifecycleReport): void {
    this.context.report(event)
  }

  /** Throws an `authorization` fault unless `use.secrets` lists the secret and it exists. */
  secret(name: string): Json {
    const value =
      this.program.listed.has(name) && Object.hasOwn(this.start.secrets, name)
        ? this.start.secrets[name]
        : undefined
    if (value === undefined) {
      const why = this.program.listed.has(name) ? 'does not exist' : 'is not listed in use.secrets'
      throw fault('authorization', `The secret '${name}' ${why}.`)
    }
    return value
  }

  /** The arguments of expressions that are the same in the whole run; built when first mentioned. */
  argument(name: string): Json {
    switch (name) {
      case 'secrets':
        return (this.#secrets ??= Object.fromEntries(
          Object.entries(this.start.secrets).filter(([secret]) => this.program.listed.has(secret)),
        ))
      case 'workflow': {
        const { id, input, startedAt, workflow } = this.start
        const definition = workflow as unknown as Json
        return (this.#workflow ??= { id, definition, input, startedAt: dateTime(startedAt) })
      }
      case 'runtime':
        return (this.#runtime ??= { ...this.start.runtime, metadata: { ...this.start.runtime.metadata } })
      default:
        return null
    }
  }
}

/** How tasks perform other tasks; wired in `interpreter.ts`. */
export interface Perform {
  /** Performs the tasks of a list; `key` is the list's place with the iteration path. */
  list(list: ListNode, key: string, input: Json, within: Surroundings): Promise<ListResult>
  /** Performs one task under a key; the frame holds its output and where to go on. */
  task(node: TaskNode, key: string, input: Json, within: Surroundings): Promise<Frame>
}

export interface ListResult {
  readonly output: Json
  /** How the list was left: at its end, by `exit`, or by `end`, which ends the whole workflow. */
  readonly left: 'done' | 'exit' | 'end'
}
