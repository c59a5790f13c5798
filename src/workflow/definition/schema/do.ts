import { taskOf } from './task-base.ts'
import { taskList } from './tasks.ts'

/** dsl-reference.md, "Do". */
export const doTask = taskOf('Do task', 'Performs tasks one after the other.', {
  do: taskList('The tasks, in order.'),
})
