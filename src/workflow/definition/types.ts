import type { Workflow } from './schema/workflow.ts'

export type {
  CallTask,
  DoTask,
  EmitTask,
  ForTask,
  ForkTask,
  ListenTask,
  RaiseTask,
  RunTask,
  SetTask,
  SwitchTask,
  Task,
  TaskItem,
  TaskList,
  TryTask,
  WaitTask,
} from './schema/tasks.ts'
export type { AsyncapiArguments, AsyncapiSubscription } from './schema/call-asyncapi.ts'
export type { CallFunction } from './schema/call.ts'
export type { BuiltinCall } from './task-kind.ts'
export type { TransferArguments } from './schema/transfer.ts'
export type { BuiltinFunctionName } from './schema/builtin-functions.ts'
export type { Authentication, AuthenticationPolicy } from './schema/authentication.ts'
export type { Export, Input, Output, SchemaDefinition } from './schema/data.ts'
export type { Duration } from './schema/duration.ts'
export type { Endpoint, ExternalResource } from './schema/endpoint.ts'
export type { ErrorDefinition } from './schema/error.ts'
export type { EmittedEvent } from './schema/emit.ts'
export type { EventConsumptionStrategy, EventFilterDefinition } from './schema/events.ts'
export type { Extension } from './schema/extension.ts'
export type { SubscriptionIterator } from './schema/iterator.ts'
export type { RetryPolicy } from './schema/retry.ts'
export type { WorkflowProcess } from './schema/run.ts'
export type { Schedule } from './schema/schedule.ts'
export type { SwitchCase } from './schema/switch.ts'
export type { TaskBase } from './schema/task-base.ts'
export type { Timeout } from './schema/timeout.ts'
export type { Catch } from './schema/try.ts'
export type { Workflow } from './schema/workflow.ts'

/** The content of a catalog's `function.yaml`: a task. */
export type { Task as FunctionDefinition } from './schema/tasks.ts'

/** A definition that passed every check. Plain data: it can be stored and sent. */
export interface Definition {
  readonly workflow: Workflow
  /** The text it was loaded from, to the byte. */
  readonly text: string
  readonly file?: string
  /** Its identity. */
  readonly reference: { readonly namespace: string; readonly name: string; readonly version: string }
}

/** Something to tell the author. A definition with an error is refused. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly code: string
  /** What is wrong, in a sentence. */
  readonly message: string
  /** What to do about it, in a sentence. */
  readonly todo: string
  readonly file?: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** JSON pointer (RFC 6901) of the place in the definition. */
  readonly pointer: string
}
