import type { ForTask } from '../definition/types.ts'
import { unfit } from '../expressions.ts'
import { binder, inside, type Frame, type Locals } from '../frame.ts'
import { Group } from '../group.ts'
import type { Json } from '../json.ts'
import { fault } from '../problem.ts'

/**
 * dsl-reference.md, "For". Iterations run one after the other: the output of one is the input of the next, and the
 * last one's is the task's (the transformed input where there was none). `while` is asked before each, on what
 * would be its input. `exit` in the body ends the iteration, `end` the workflow.
 *
 * With `metadata: { concurrency: N }`, up to N iterations run at the same time. Then nothing is handed on: each
 * gets the task's transformed input, the output is the array of the iterations' outputs in the items' order, and
 * what they export to the context is applied as they complete. `while` is asked before each begins, on the
 * transformed input; once it does not hold, no further one begins.
 */
export async function forTask(frame: Frame): Promise<Json> {
  const task = frame.node.task as ForTask
  const items = itemsOf(frame, task)
  const concurrency = concurrencyOf(task)
  return concurrency === undefined ? inTurn(frame, task, items) : atOnce(frame, task, items, concurrency)
}

async function inTurn(frame: Frame, task: ForTask, items: readonly Json[]): Promise<Json> {
  const bind = binderOf(frame, task)
  let output = frame.input
  for (let index = 0; index < items.length; index++) {
    const locals = bind(items[index] as Json, index)
    if (task.while !== undefined && !frame.holds(task.while, output, '/while', locals)) break
    const result = await frame.run.perform.list(
      listOf(frame, task),
      keyOf(frame, index),
      output,
      inside(frame, { locals }),
    )
    output = result.output
    if (result.left === 'end') {
      frame.then = 'end'
      break
    }
  }
  return output
}

async function atOnce(
  frame: Frame,
  task: ForTask,
  items: readonly Json[],
  concurrency: number,
): Promise<Json> {
  const bind = binderOf(frame, task)
  const group = new Group(frame.scope)
  const outputs: Json[] = []
  let next = 0
  let ended: Json | undefined
  const worker = async () => {
    while (next < items.length && !group.over) {
      const index = next++
      const locals = bind(items[index] as Json, index)
      if (task.while !== undefined && !frame.holds(task.while, frame.input, '/while', locals)) {
        next = items.length
        return
      }
      const context = frame.context.branch()
      const within = inside(frame, { locals, scope: group.scope, context })
      const result = await frame.run.perform.list(
        listOf(frame, task),
        keyOf(frame, index),
        frame.input,
        within,
      )
      if (group.over) return
      frame.context.merge(context)
      outputs[index] = result.output
      if (result.left === 'end') {
        ended = result.output
        group.stop('ended')
      }
    }
  }
  await group.run(Array.from({ length: Math.min(concurrency, items.length) }, () => worker))
  if (ended === undefined) return outputs
  frame.then = 'end'
  return ended
}

function itemsOf(frame: Frame, task: ForTask): readonly Json[] {
  const { in: source } = task.for
  const items =
    typeof source === 'string'
      ? frame.evaluate(source, frame.input, '/for/in')
      : frame.fill(source, '/for/in')
  if (!Array.isArray(items)) throw unfit(`${frame.pointer}/for/in`, 'an array', items)
  return items
}

function binderOf(frame: Frame, task: ForTask): (...values: Json[]) => Locals {
  return binder(frame.locals, task.for.each ?? 'item', task.for.at ?? 'index')
}

function listOf(frame: Frame, task: ForTask) {
  return frame.node.list('/do', task.do)
}

function keyOf(frame: Frame, index: number): string {
  return `${frame.key}[${index}]/do`
}

const mostAtOnce = 1000

function concurrencyOf(task: ForTask): number | undefined {
  const concurrency = task.metadata?.concurrency
  if (concurrency === undefined) return undefined
  if (
    typeof concurrency !== 'number' ||
    !Number.isInteger(concurrency) ||
    concurrency < 1 ||
    concurrency > mostAtOnce
  ) {
    throw fault('configuration', `metadata.concurrency must be a whole number from 1 to ${mostAtOnce}.`)
  }
  return concurrency
}
