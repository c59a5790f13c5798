import { Type, type Static } from 'typebox'
import type { callTask } from './call.ts'
import type { doTask } from './do.ts'
import type { emitTask } from './emit.ts'
import type { forTask } from './for.ts'
import type { forkTask } from './fork.ts'
import type { listenTask } from './listen.ts'
import type { raiseTask } from './raise.ts'
import type { runTask } from './run.ts'
import type { setTask } from './set.ts'
import type { switchTask } from './switch.ts'
import type { tryTask } from './try.ts'
import type { waitTask } from './wait.ts'

export type CallTask = Static<(typeof callTask)[keyof typeof callTask]>
export type DoTask = Static<typeof doTask>
export type EmitTask = Static<typeof emitTask>
export type ForTask = Static<typeof forTask>
export type ForkTask = Static<typeof forkTask>
export type ListenTask = Static<typeof listenTask>
export type RaiseTask = Static<typeof raiseTask>
export type RunTask = Static<typeof runTask>
export type SetTask = Static<typeof setTask>
export type SwitchTask = Static<typeof switchTask>
export type TryTask = Static<typeof tryTask>
export type WaitTask = Static<typeof waitTask>

/** Exactly one of the twelve types: `taskKind` tells which. */
export type Task =
  | CallTask
  | DoTask
  | EmitTask
  | ForTask
  | ForkTask
  | ListenTask
  | RaiseTask
  | RunTask
  | SetTask
  | SwitchTask
  | TryTask
  | WaitTask

/** One key: the task's name. An interface, so that the types of nested lists stay light. */
export interface TaskItem {
  [name: string]: Task
}

export type TaskList = TaskItem[]

/** A nested list. It is opaque to the schema of the task that holds it: the walker descends by itself. */
export function taskList(description: string) {
  return Type.Unsafe<TaskList>({ $ref: '#/$defs/taskList', description })
}

/** One task of any type. */
export function task(description: string) {
  return Type.Unsafe<Task>({ $ref: '#/$defs/task', description })
}
