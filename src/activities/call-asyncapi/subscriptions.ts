import { isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { consume, nextMatching, timer, wantedOf } from './consume.ts'
import type { Arrival, Feed, Lasting } from './protocols/protocol.ts'

/**
 * Subscriptions, and what they have taken and not acknowledged. A broker is told that we have a message only when the
 * run has recorded it: so a message may come again after a crash, and none is lost to one.
 */
export interface Subscriptions {
  /** All messages until there are enough, at once. */
  all(subscription: JsonObject, open: Open, context: ActivityContext): Promise<Json>
  /**
   * One more message, for a `foreach`: `{ message, position }`, or `{ done: true }` where the time is over without one.
   * Between two of them the subscription stays open, so that nothing passes by unseen.
   */
  next(subscription: JsonObject, open: Open, context: ActivityContext): Promise<Json>
  close(): Promise<void>
}

export type Open = (signal: AbortSignal, lasting?: Lasting) => Promise<Feed>

/** How long one stays open that is not asked for anything: its run may have been cancelled. */
const idleMs = 60 * 60_000

interface Held {
  readonly feed: Promise<Feed>
  readonly controller: AbortController
  unacknowledged: Arrival | undefined
  idle: NodeJS.Timeout | undefined
}

export function createSubscriptions(log: ActivityOptions['log']): Subscriptions {
  const held = new Map<string, Held>()

  const acknowledge = async (subscription: Held) => {
    const arrival = subscription.unacknowledged
    subscription.unacknowledged = undefined
    await arrival?.acknowledge()
  }

  const release = async (key: string, recorded = false, ended = false) => {
    const subscription = held.get(key)
    if (!subscription) return
    held.delete(key)
    clearTimeout(subscription.idle)
    await quietly(async () => {
      const feed = await subscription.feed
      try {
        if (recorded) await acknowledge(subscription)
      } finally {
        await feed.close(ended)
      }
    })
    subscription.controller.abort()
  }

  const quietly = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      log?.('warn', 'A subscription could not be closed in order.', { reason: String(error) })
    }
  }

  const rest = (key: string, subscription: Held) => {
    clearTimeout(subscription.idle)
    subscription.idle = setTimeout(() => void release(key), idleMs).unref()
  }

  /** It outlives the request, so that request's signal must not end it. */
  const hold = (key: string, feed: (signal: AbortSignal) => Promise<Feed>): Held => {
    const controller = new AbortController()
    const subscription = {
      feed: feed(controller.signal),
      controller,
      unacknowledged: undefined,
      idle: undefined,
    }
    held.set(key, subscription)
    return subscription
  }

  return {
    async all(subscription, open, context) {
      const wanted = wantedOf(subscription)
      const feed = await open(context.signal)
      let taken: readonly Arrival[]
      try {
        taken = await consume(feed, wanted, context.signal)
      } catch (error) {
        await quietly(() => feed.close(true))
        throw error
      }
      const acknowledgeAll = async () => {
        for (const arrival of taken) await arrival.acknowledge()
      }
      const messages = taken.map(({ message }) => message)
      if (!context.whenRecorded || taken.length === 0) {
        await acknowledgeAll()
        await quietly(() => feed.close(true))
        return messages
      }
      const key = `${context.runId} ${context.key} ${context.attempt}`
      const whole = hold(key, () => Promise.resolve(feed))
      whole.unacknowledged = { message: {}, acknowledge: acknowledgeAll }
      rest(key, whole)
      context.whenRecorded(() => void release(key, true, true))
      return messages
    },

    async next(subscription, open, context) {
      const name = `${context.runId} ${context.key.replace(/\/message\[\d+\]$/, '')}`
      const { position = null, end } = isObject(subscription['next']) ? subscription['next'] : {}
      if (end === true) {
        await release(name, true, true)
        return null
      }
      const { lifetime, conditions } = wantedOf(subscription)
      const current = held.get(name) ?? hold(name, (signal) => open(signal, { name, position }))
      clearTimeout(current.idle)
      const time = timer(lifetime.forMs, context.signal)
      try {
        // That the run asks for the next says that it has recorded the one before.
        await acknowledge(current)
        const arrival = await nextMatching(await current.feed, conditions.filter, time.signal)
        if (!arrival) {
          await release(name, true, true)
          return { done: true }
        }
        current.unacknowledged = arrival
        context.whenRecorded?.(() => {
          if (current.unacknowledged !== arrival) return
          void acknowledge(current).catch(() => release(name))
        })
        rest(name, current)
        return { message: arrival.message, position: arrival.position ?? position }
      } catch (error) {
        const over = !context.signal.aborted && time.over()
        await release(name, false, over)
        if (!over) throw error
        return { done: true }
      } finally {
        time.clear()
      }
    },

    async close() {
      await Promise.all([...held.keys()].map((key) => release(key)))
    },
  }
}
