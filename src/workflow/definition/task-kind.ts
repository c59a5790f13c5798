import { builtinCalls, type BuiltinCall, type CallFunction } from './schema/call.ts'
import type { CallTask, Task } from './schema/tasks.ts'

/**
 * The key that makes a task what it is. `do` comes last: a `for` task has one too.
 * (`with`, `catch`, `while` and `foreach` never stand alone.)
 */
export const taskKinds = [
  'call',
  'emit',
  'for',
  'fork',
  'listen',
  'raise',
  'run',
  'set',
  'switch',
  'try',
  'wait',
  'do',
] as const

export type TaskKind = (typeof taskKinds)[number]

/** The type of a valid task. */
export function taskKind(task: Task): TaskKind {
  const kind = taskKinds.find((key) => Object.hasOwn(task, key))
  if (kind === undefined) throw new TypeError(`not a task: it has the keys ${Object.keys(task).join(', ')}`)
  return kind
}

/** A built-in call by its name, and `function` for every other. */
export type CallKind = BuiltinCall | 'function'

export function callKind(task: CallTask): CallKind {
  return builtinCalls.find((name) => name === task.call) ?? 'function'
}

type CallOf<K extends CallKind> = K extends 'function'
  ? CallFunction
  : Extract<CallTask, { call: K; with: unknown }>

/** Narrows a call by its kind: `isCall(task, 'http')`. */
export function isCall<K extends CallKind>(task: CallTask, kind: K): task is CallOf<K> {
  return callKind(task) === kind
}
