import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { joined } from './joined.ts'

test('the work is told when one of the signals aborts, before or meanwhile, and why', async () => {
  const [one, other] = [new AbortController(), new AbortController()]
  const reason = () =>
    joined([one.signal, other.signal], async (signal) => {
      other.abort('over')
      return signal.reason as unknown
    })
  expect(await reason()).toBe('over')
  expect(await reason()).toBe('over')
})

test('afterwards nothing of it is left at a signal that lives on', async () => {
  const { signal } = new AbortController()
  await joined([signal], async () => expect(getEventListeners(signal, 'abort')).toHaveLength(1))
  await expect(joined([signal], () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(getEventListeners(signal, 'abort')).toEqual([])
  const kept = Object.getOwnPropertySymbols(signal).map((name) => Reflect.get(signal, name) as unknown)
  expect(kept.filter((each) => each instanceof Set && each.size > 0)).toEqual([])
})
