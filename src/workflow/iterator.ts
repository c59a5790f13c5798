import { exportContext, putOut } from './data-flow.ts'
import type { SubscriptionIterator } from './definition/types.ts'
import { binder, Frame, inside } from './frame.ts'
import type { Json } from './json.ts'

/**
 * What is done with each event or message of a subscription, one after the other (dsl-reference.md, "Subscription
 * Iterator"): its tasks on the subscribing task's input, with the item as a variable, then `output`, then `export`.
 * Gives the item's output: without tasks and `output.as`, the item itself.
 */
export async function iterate(
  frame: Frame,
  iterator: SubscriptionIterator | undefined,
  place: string,
  item: Json,
  index: number,
): Promise<Json> {
  if (!iterator) return item
  const locals = binder(frame.locals, iterator.item ?? 'item', iterator.at ?? 'index')(item, index)
  const each = new Frame(
    frame.node,
    frame.key,
    frame.rawInput,
    inside(frame, { locals, depth: frame.depth - 1 }),
  )
  each.input = frame.input
  each.rawOutput = item
  each.authorization = frame.authorization
  if (iterator.do) {
    const list = frame.node.list(`${place}/do`, iterator.do)
    const result = await frame.run.perform.list(list, `${frame.key}${place}[${index}]/do`, frame.input, each)
    each.rawOutput = result.output
    if (result.left === 'end') frame.then = 'end'
  }
  each.output = each.rawOutput
  if (iterator.output) await putOut(each, iterator.output)
  if (iterator.export) await exportContext(each, iterator.export)
  return each.output
}
