import { expect, test } from 'vitest'
import type { Json } from '../workflow/index.ts'
import { differenceOfDocuments, differenceOfRows } from './difference.ts'
import { readRequest } from './request.ts'
import { opened } from './state.ts'
import type { Approval } from './store.ts'
import { contentOf, type Datasets } from './view.ts'

const approvalShowing = (show: Json): Approval => {
  const request = readRequest({ title: 'x', show })
  return {
    number: 1,
    id: 'a',
    run: 'r',
    task: '/do/0/a',
    namespace: 'grants',
    name: 'monthly',
    definitionVersion: '1.0.0',
    status: 'open',
    openedAt: 0,
    version: 0,
    request,
    state: opened(request, [], 0),
  }
}
const rows = (...ids: number[]) => ids.map((id) => ({ id, amount: id * 10 }))
const store: { [uri: string]: Json[] } = {
  now: rows(1, 2, 4),
  last: [{ id: 1, amount: 10 }, { amount: 7, id: 2 }, ...rows(3)],
}
const datasets: Datasets = {
  read: async (uri, most) => {
    const records = store[uri]
    return records && { count: records.length, records: records.slice(0, most) }
  },
  lastDelivered: async ({ namespace, name }, but) =>
    namespace === 'grants' && name === 'monthly' && but === 'now' ? 'last' : undefined,
}
const shown = async (show: Json) => (await contentOf(approvalShowing(show), datasets)).show

test('a dataset is shown with its count, samples, and what is different from what was delivered last', async () => {
  expect(await shown([{ title: 'Betalinger', dataset: 'now', key: 'id' }])).toEqual([
    {
      title: 'Betalinger',
      kind: 'dataset',
      dataset: 'now',
      count: 3,
      rows: store['now'],
      difference: {
        added: 1,
        removed: 1,
        changed: 1,
        same: 1,
        samples: [
          { kind: 'added', place: '4', after: { id: 4, amount: 40 } },
          { kind: 'removed', place: '3', before: { id: 3, amount: 30 } },
          { kind: 'changed', place: '2', before: { amount: 7, id: 2 }, after: { id: 2, amount: 20 } },
        ],
      },
    },
  ])
})

test('a dataset that is the first has nothing to differ from, and one that is gone says so by having no count', async () => {
  const [first] = await shown([{ dataset: 'last' }])
  expect(first).not.toHaveProperty('difference')
  expect(await shown([{ dataset: 'erased' }])).toEqual([{ kind: 'dataset', dataset: 'erased' }])
  const [chosen] = await shown([{ dataset: 'now', before: 'now' }])
  expect(chosen).toMatchObject({ difference: { same: 3, added: 0, removed: 0, changed: 0 } })
})

test('a table shows some of its rows, all of its count, and the columns that were asked for', async () => {
  const many = Array.from({ length: 300 }, (_, id) => ({ id, hidden: 'x' }))
  const [table] = await shown([
    { table: { rows: many, columns: [{ field: 'id', title: 'Nr.' }], key: 'id', before: many.slice(1) } },
  ])
  expect(table).toMatchObject({
    kind: 'table',
    count: 300,
    columns: [{ field: 'id', title: 'Nr.' }],
    difference: { added: 1, removed: 0, changed: 0, same: 299 },
  })
  expect((table as unknown as { rows: unknown[] }).rows).toHaveLength(200)
})

test('documents differ value by value, whatever the order of their members', () => {
  const before = { a: 1, b: { c: [1, 2] }, 'x/y': 1 }
  expect(differenceOfDocuments(before, { b: { c: [1, 3] }, a: 1, d: null })).toMatchObject({
    added: 1,
    removed: 1,
    changed: 1,
    same: 2,
    samples: [
      { kind: 'added', place: '/d', after: null },
      { kind: 'removed', place: '/x~1y', before: 1 },
      { kind: 'changed', place: '/b/c/1', before: 2, after: 3 },
    ],
  })
  expect(differenceOfDocuments(before, { ...before }).same).toBe(4)
})

test('rows that cannot be told apart are counted each', () => {
  const row = { n: 1 }
  expect(differenceOfRows([row, row], [row, row, row])).toMatchObject({
    added: 1,
    removed: 0,
    changed: 0,
    same: 2,
  })
})
