import { duration } from './duration.ts'
import { taskOf } from './task-base.ts'

/** dsl-reference.md, "Wait". */
export const waitTask = taskOf('Wait task', 'Waits for a while.', { wait: duration })
