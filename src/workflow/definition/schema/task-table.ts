import type { TaskKind } from '../task-kind.ts'
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
import { declared, type Declaration } from './vocabulary.ts'
import { waitTask } from './wait.ts'

/** The declaration of each task type, by its key. `call` has one for each name: see `callTask`. */
export const taskDeclarations: Readonly<Record<Exclude<TaskKind, 'call'>, Declaration>> = {
  do: declared(doTask),
  emit: declared(emitTask),
  for: declared(forTask),
  fork: declared(forkTask),
  listen: declared(listenTask),
  raise: declared(raiseTask),
  run: declared(runTask),
  set: declared(setTask),
  switch: declared(switchTask),
  try: declared(tryTask),
  wait: declared(waitTask),
}
