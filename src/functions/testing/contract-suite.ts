/** What every function keeps to, however it is run: one that greets, as the templates do, is held to it. */
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Json } from '../../workflow/index.ts'
import type { Outcome } from '../index.ts'

const greeting = (name: string) => ({ name, message: `Goddag, ${name}.` })

export function contractSuite(call: (records: readonly Json[]) => Promise<readonly Outcome[]>): void {
  test('an object is one record', async () => {
    expect(await call([{ name: 'Åse' }])).toEqual([{ records: [greeting('Åse')] }])
  })

  test('an array is many records, or none', async () => {
    expect(await call([{ names: ['Åse', 'Bo'] }, { names: [] }])).toEqual([
      { records: [greeting('Åse'), greeting('Bo')] },
      { records: [] },
    ])
  })

  test('an error is a refusal of that record alone, in the words of the function', async () => {
    const [first, refused, last] = await call([{ name: 'Åse' }, { street: 'Storegade' }, { name: 'Bo' }])
    expect([first, last]).toEqual([{ records: [greeting('Åse')] }, { records: [greeting('Bo')] }])
    expect(refused).toMatchObject({
      refused: { type: expect.stringMatching(/validation$/), detail: 'The record has no name.' },
    })
  })

  test('a record that its input schema does not allow never reaches it', async () => {
    const [refused, ok] = await call([{ name: 5 }, { name: 'Bo' }])
    expect(refused).toMatchObject({ refused: { errors: [{ pointer: '/name' }] } })
    expect(ok).toEqual({ records: [greeting('Bo')] })
  })

  test('text comes through as it is', async () => {
    const names = ['Søren Ærøskøbing', '日本', '🎉', 'line\nbreak', '\u2028', '"quoted" \\', '\u0001', '']
    const outcomes = await call(names.map((name) => ({ name })))
    expect(outcomes).toEqual(names.map((name) => ({ records: [greeting(name)] })))
  })

  test('a large record comes through whole', async () => {
    const name = 'æ'.repeat(500_000)
    const [outcome] = await call([{ name }])
    // Not shown by a failure: a megabyte of it.
    expect(isDeepStrictEqual(outcome, { records: [greeting(name)] })).toBe(true)
  })

  test('outcomes are in the order of the records, however many', async () => {
    const records = Array.from({ length: 300 }, (_, n) => ({ name: `n${n}` }))
    expect(await call(records)).toEqual(records.map(({ name }) => ({ records: [greeting(name)] })))
  })

  test('calls at the same time do not mix', async () => {
    const batches = await Promise.all(
      ['a', 'b', 'c'].map((letter) => call([{ name: letter }, { name: `${letter}2` }])),
    )
    expect(batches.flat()).toEqual(
      ['a', 'a2', 'b', 'b2', 'c', 'c2'].map((name) => ({ records: [greeting(name)] })),
    )
  })

  test('no record is no work', async () => {
    expect(await call([])).toEqual([])
  })
}
