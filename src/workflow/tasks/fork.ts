import type { ForkTask } from '../definition/types.ts'
import { inside, type Frame } from '../frame.ts'
import { Group } from '../group.ts'
import type { Json } from '../json.ts'
import { fault, problemOf } from '../problem.ts'
import type { TaskNode } from '../program.ts'

/**
 * dsl-reference.md, "Fork": branches run at the same time, each a task on the fork's transformed input.
 * - Without `compete` the output is the branches' outputs in declared order; an error of one ends them all.
 * - With `compete` the first branch to succeed wins and the others are interrupted; only its output and its
 *   exports count. Where all fail, the first error is the fork's.
 * - `end` in a branch interrupts the others and ends the workflow with that branch's output.
 */
export async function forkTask(frame: Frame): Promise<Json> {
  const { branches, compete } = (frame.node.task as ForkTask).fork
  const { tasks } = frame.node.list('/fork/branches', branches)
  return compete ? race(frame, tasks) : join(frame, tasks)
}

async function join(frame: Frame, tasks: readonly TaskNode[]): Promise<Json> {
  const group = new Group(frame.scope)
  const outputs: Json[] = tasks.map(() => null)
  let ended: Json | undefined
  await group.run(
    tasks.map((task, index) => async () => {
      const branch = await perform(frame, group, task)
      if (group.over) return
      frame.context.merge(branch.context)
      outputs[index] = branch.output
      if (branch.then !== 'end') return
      ended = branch.output
      group.stop('ended')
    }),
  )
  if (ended === undefined) return outputs
  frame.then = 'end'
  return ended
}

async function race(frame: Frame, tasks: readonly TaskNode[]): Promise<Json> {
  const group = new Group(frame.scope)
  let winner: Frame | undefined
  const failures: unknown[] = []
  await group.run(
    tasks.map((task) => async () => {
      try {
        const branch = await perform(frame, group, task)
        if (group.over) return
        winner = branch
        group.stop('lost-race')
      } catch (error) {
        if (!problemOf(error)) throw error
        failures.push(error)
      }
    }),
  )
  if (!winner) throw failures[0] ?? fault('configuration', 'There is no branch that could win.')
  frame.context.merge(winner.context)
  if (winner.then === 'end') frame.then = 'end'
  return winner.output
}

async function perform(frame: Frame, group: Group, task: TaskNode): Promise<Frame> {
  const within = inside(frame, { scope: group.scope, context: frame.context.branch() })
  const branch = await frame.run.perform.task(
    task,
    `${frame.key}/fork/branches${task.step}`,
    frame.input,
    within,
  )
  const { then } = branch
  if (then !== undefined && then !== 'continue' && then !== 'exit' && then !== 'end') {
    throw fault('configuration', `A branch cannot go on at '${then}': the branches run at the same time.`)
  }
  return branch
}
