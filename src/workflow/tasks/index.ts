/** What each type of task does, one file each: it reads as the section of its name in dsl-reference.md. */
import type { TaskKind } from '../definition/task-kind.ts'
import type { Frame } from '../frame.ts'
import type { Json } from '../json.ts'
import { callTask } from './call.ts'
import { doTask } from './do.ts'
import { emitTask } from './emit.ts'
import { forTask } from './for.ts'
import { forkTask } from './fork.ts'
import { listenTask } from './listen.ts'
import { raiseTask } from './raise.ts'
import { runTask } from './run.ts'
import { setTask } from './set.ts'
import { switchTask } from './switch.ts'
import { tryTask } from './try.ts'
import { waitTask } from './wait.ts'

/** Takes the frame's transformed input, gives the raw output; may change `frame.then`. */
type Body = (frame: Frame) => Json | Promise<Json>

const bodies: { readonly [kind in TaskKind]: Body } = {
  call: callTask,
  do: doTask,
  emit: emitTask,
  for: forTask,
  fork: forkTask,
  listen: listenTask,
  raise: raiseTask,
  run: runTask,
  set: setTask,
  switch: switchTask,
  try: tryTask,
  wait: waitTask,
}

export function bodyOf(kind: TaskKind): Body {
  return bodies[kind]
}
