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

/** The names that `call` gives a meaning of its own. */
export const builtinCalls = ['asyncapi', 'grpc', 'http', 'openapi', 'a2a', 'mcp'] as const

export type BuiltinCall = (typeof builtinCalls)[number]

/** A built-in call by its name, and `function` for every other. */
export type CallKind = BuiltinCall | 'function'

export function callKind(task: CallTask): CallKind {
  return builtinCalls.find((name) => name === task.call) ?? 'function'
}
