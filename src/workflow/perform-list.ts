import type { Surroundings } from './frame.ts'
import type { Json } from './json.ts'
import { locate } from './locate.ts'
import { performTask } from './perform-task.ts'
import type { ListNode } from './program.ts'
import type { ListResult } from './run.ts'

/**
 * Performs tasks one after the other, each on the output of the one before (dsl.md, "Task Flow").
 * A flow directive goes on elsewhere in the list, leaves it (`exit`), or ends the workflow (`end`).
 * A task that comes by again has the count of its visits in its key: `/do/0/poll#2`.
 */
export async function performList(
  list: ListNode,
  key: string,
  input: Json,
  within: Surroundings,
): Promise<ListResult> {
  const { tasks } = list
  let output = input
  let visits: number[] | undefined
  for (let index = 0; index < tasks.length;) {
    const node = tasks[index] as (typeof tasks)[number]
    const visit = visits ? (visits[index] = (visits[index] as number) + 1) : 1
    const frame = await performTask(node, key + node.step + (visit > 1 ? `#${visit}` : ''), output, within)
    output = frame.output
    switch (frame.then) {
      case undefined:
      case 'continue':
        index++
        break
      case 'exit':
      case 'end':
        return { output, left: frame.then }
      default: {
        const seen = index
        visits ??= tasks.map((_, at) => (at <= seen ? 1 : 0))
        index = locate(node.pointer, () => list.indexOf(frame.then as string))
      }
    }
  }
  return { output, left: 'done' }
}
