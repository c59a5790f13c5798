import type { AsyncapiArguments, AsyncapiSubscription } from '../definition/types.ts'
import { capture } from '../event-filters.ts'
import type { Frame } from '../frame.ts'
import { iterate } from '../iterator.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { fault, problemOf } from '../problem.ts'
import { argumentsIn, fillArguments, type Special } from './builtin.ts'

const special: Special = [
  [['document'], 'resource'],
  [['authentication'], 'authentication'],
  [['subscription', 'consume', 'for'], 'duration'],
]

/**
 * dsl-reference.md, "AsyncAPI Call". Publishing is one activity. A subscription, too, unless it has a `foreach`:
 * the activity then evaluates `filter`, `while` and `until` itself, from their texts and the captured `variables`.
 * With `foreach`, tasks must run between two messages: so the activity is asked for one message after the other,
 * and `while` and `until` are evaluated here, on what the tasks have made of the context by then.
 */
export async function callAsyncapi(frame: Frame): Promise<Json> {
  const { subscription, ...rest } = argumentsIn(frame) as unknown as AsyncapiArguments
  if (!subscription)
    return frame.activity({
      kind: 'asyncapi',
      input: fillArguments(frame, argumentsIn(frame), special, '/with'),
    })
  const call = fillArguments(frame, rest, special, '/with')
  return subscription.foreach
    ? eachMessage(frame, call, subscription)
    : allMessages(frame, call, subscription)
}

function allMessages(
  frame: Frame,
  call: JsonObject,
  { filter, consume }: AsyncapiSubscription,
): Promise<Json> {
  const conditions = [filter, consume.while, consume.until].filter((text) => text !== undefined)
  const subscription: JsonObject = {
    ...(filter === undefined ? {} : { filter }),
    consume: consumeOf(frame, consume),
    variables: capture(frame, conditions),
  }
  return frame.activity({ kind: 'asyncapi', input: { ...call, subscription } })
}

function consumeOf(frame: Frame, consume: AsyncapiSubscription['consume']): JsonObject {
  const { for: time, ...policy } = consume
  return {
    ...(policy as JsonObject),
    ...(time === undefined ? {} : { for: { milliseconds: timeOf(frame, time) } }),
  }
}

async function eachMessage(
  frame: Frame,
  call: JsonObject,
  subscription: AsyncapiSubscription,
): Promise<Json> {
  const { filter, consume, foreach } = subscription
  const now = () => frame.run.context.now()
  const deadline = consume.for === undefined ? undefined : now() + timeOf(frame, consume.for)
  const outputs: Json[] = []
  const messages: Json[] = []
  const asks = (text: string, place: string) =>
    frame.holds(text, [...messages], `/with/subscription/consume/${place}`)
  let position: Json = null
  const ask = (request: JsonObject, wait = true) => {
    const input = { ...call, subscription: request }
    return frame.activity({ kind: 'asyncapi', input, ...(!wait && { wait }) }, `/message[${messages.length}]`)
  }
  /** Whoever keeps the subscription between two messages is told that nobody will ask for another one. */
  const end = async () => {
    if (messages.length > 0) await ask({ next: { index: messages.length, position, end: true } }, false)
  }
  try {
    while (consume.amount === undefined || messages.length < consume.amount) {
      if (consume.until !== undefined && asks(consume.until, 'until')) break
      if (deadline !== undefined && now() >= deadline) break
      const answer = await ask({
        ...(filter === undefined ? {} : { filter, variables: capture(frame, [filter]) }),
        consume: {
          amount: 1,
          ...(deadline === undefined ? {} : { for: { milliseconds: deadline - now() } }),
        },
        next: { index: messages.length, position },
      })
      if (!isObject(answer)) throw fault('runtime', 'The subscription gave no answer that can be understood.')
      if (answer.message === undefined) return outputs
      position = answer.position ?? null
      messages.push(answer.message)
      outputs.push(
        await iterate(frame, foreach, '/with/subscription/foreach', answer.message, outputs.length),
      )
      if (frame.then === 'end') break
      if (consume.while !== undefined && !asks(consume.while, 'while')) break
    }
  } catch (error) {
    if (problemOf(error)) await end()
    throw error
  }
  await end()
  return outputs
}

function timeOf(frame: Frame, time: NonNullable<AsyncapiSubscription['consume']['for']>): number {
  return frame.duration(time, '/with/subscription/consume/for')
}
