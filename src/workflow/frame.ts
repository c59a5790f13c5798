import type { ActivityCall, OnFailure } from './activity.ts'
import { dateTime } from './date-time.ts'
import { enclosed } from './definition/enclosed.ts'
import type { Duration } from './definition/types.ts'
import { milliseconds } from './durations.ts'
import { evaluate, holds, type Names, type Stage } from './expressions.ts'
import type { Json, JsonObject } from './json.ts'
import { fault } from './problem.ts'
import type { TaskNode } from './program.ts'
import type { Run } from './run.ts'
import type { Scope } from './scope.ts'
import { fill, type Mode, type TemplateArguments } from './templates.ts'
import type { WorkflowContext } from './workflow-context.ts'

/** What a task finds where it stands; composite tasks change parts of it for the tasks within. */
export interface Surroundings {
  readonly run: Run
  readonly scope: Scope
  readonly context: WorkflowContext
  readonly locals: Locals
  readonly depth: number
  /** Within the tasks of an extension: the extended task, which `$task` describes. They are not extended themselves. */
  readonly extended: Frame | undefined
  /** What a `try` around it does about a failed call. */
  readonly onFailure?: OnFailure | undefined
}

/** The surroundings of the tasks within a task, with what it changes for them. */
export function inside(frame: Frame, changes: Partial<Surroundings>): Surroundings {
  const { run, scope, context, locals, depth, extended, onFailure } = frame
  return { run, scope, context, locals, depth, extended, onFailure, ...changes }
}

/** Local variables: `for.each`, `for.at`, `catch.as`, … */
export interface Locals {
  readonly names: Names
  readonly values: { readonly [name: string]: Json }
}

/** Adds local variables of these names: given their values, what the tasks within see. */
export function binder(locals: Locals, ...added: string[]): (...values: Json[]) => Locals {
  const names = locals.names.with(...added)
  return (...given) => {
    const values = Object.assign(Object.create(null) as JsonObject, locals.values)
    added.forEach((name, index) => (values[name] = given[index] as Json))
    return { names, values }
  }
}

/** One task under way: its place, its data, and the arguments of its expressions. */
export class Frame implements Surroundings, TemplateArguments {
  readonly run: Run
  readonly node: TaskNode
  /** The pointer with the iteration path; names the task's effect. */
  readonly key: string
  readonly context: WorkflowContext
  readonly locals: Locals
  readonly depth: number
  readonly extended: Frame | undefined
  readonly onFailure: OnFailure | undefined
  readonly rawInput: Json
  readonly startedAt: number
  /** Another one while a timeout runs. */
  scope: Scope
  /** The transformed input. */
  input: Json = null
  rawOutput: Json = null
  /** The transformed output. */
  output: Json = null
  /** `$authorization` */
  authorization: Json = null
  /** Where to go on, where it is not the next task: `exit`, `end` or a task's name. */
  then: string | undefined

  constructor(node: TaskNode, key: string, rawInput: Json, within: Surroundings) {
    this.run = within.run
    this.node = node
    this.key = key
    this.scope = within.scope
    this.context = within.context
    this.locals = within.locals
    this.depth = within.depth + 1
    this.extended = within.extended
    this.onFailure = within.onFailure
    this.rawInput = rawInput
    this.startedAt = within.run.context.now()
    this.then = node.task.then
  }

  get names(): Names {
    return this.locals.names
  }

  get pointer(): string {
    return this.node.pointer
  }

  get mode(): Mode {
    return this.run.program.mode
  }

  /** Data of the task's definition, its expressions evaluated on the transformed input. */
  fill(data: unknown, place: string): Json {
    return fill(data, this.input, 'task', this, place)
  }

  /** An expression of the task's definition, evaluated on `dot`. */
  evaluate(text: string, dot: Json, place: string, stage: Stage = 'task'): Json {
    return evaluate(text, dot, stage, this, place)
  }

  /** A condition of the task's definition, evaluated on `dot`, with the local variables that it sees. */
  holds(text: string, dot: Json, place: string, locals = this.locals): boolean {
    return holds(text, dot, 'task', locals === this.locals ? this : this.seeing(locals), place)
  }

  /** Milliseconds. Throws a `configuration` fault for a literal, `expression` for a value, that is no duration. */
  duration(duration: Duration, place: string): number {
    const text = typeof duration === 'string' ? enclosed(duration) : undefined
    const result = milliseconds(text === undefined ? duration : this.evaluate(text, this.input, place))
    if (result === undefined) {
      const kind = text === undefined ? 'configuration' : 'expression'
      throw fault(
        kind,
        `The value of ${this.pointer}${place} is no duration, such as PT15M or { minutes: 15 }.`,
      )
    }
    return result
  }

  /** Runs an effect of this task; `part` tells several of one task apart. */
  activity(call: ActivityCall, part = ''): Promise<Json> {
    this.run.stirred()
    const told = this.onFailure ? { ...call, onFailure: this.onFailure } : call
    return this.run.context.activity(this.key + part, told, this.scope)
  }

  sleep(until: number, part = ''): Promise<void> {
    this.run.stirred()
    return this.run.context.sleep(this.key + part, until, this.scope)
  }

  /** The same arguments with other local variables, or as they are with another `$context`. */
  seeing(locals: Locals, context?: Json): TemplateArguments {
    return {
      names: locals.names,
      pointer: this.pointer,
      mode: this.mode,
      argument: (name) => {
        const local = locals.values[name]
        if (local !== undefined) return local
        return name === 'context' && context !== undefined ? context : this.argument(name)
      },
      requireSecret: (name) => void this.run.secret(name),
      now: () => this.now(),
    }
  }

  argument(name: string): Json {
    const local = this.locals.values[name]
    if (local !== undefined) return local
    switch (name) {
      case 'context':
        return this.context.value
      case 'input':
        return this.input
      case 'output':
        return this.output
      case 'task':
        return (this.extended ?? this).descriptor
      case 'authorization':
        return this.authorization
      default:
        return this.run.argument(name)
    }
  }

  requireSecret(name: string): void {
    this.run.secret(name)
  }

  now(): number {
    return this.run.context.now()
  }

  /** `$task` (dsl.md, "Task Descriptor") */
  get descriptor(): JsonObject {
    return {
      name: this.node.name,
      reference: this.node.pointer,
      definition: this.node.task as unknown as Json,
      input: this.rawInput,
      output: this.rawOutput,
      startedAt: dateTime(this.startedAt),
    }
  }
}
