import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../workflow/index.ts'
import { decodeRow, encodeRow, type FeedItem } from './feed.ts'

const place = { task: '/do/0/each/do/0/send', key: '/do/0/each[3]/do/0/send' }
const value = fc.jsonValue().map((json) => json as Json)
const problem = { type: 'https://example.com/bad', status: 422, detail: 'no' }

const item: fc.Arbitrary<FeedItem> = fc
  .record({ at: fc.integer({ min: 1, max: 2e12 }), value, key: fc.constantFrom('/a', '/b[1]/c') })
  .chain(({ at, value, key }) =>
    fc.constantFrom<FeedItem>(
      {
        at,
        type: 'start',
        input: value,
        runtime: { name: 'sluse', version: '1', metadata: {} },
        override: { key, input: value },
        consumed: [1, 2],
      },
      { at, type: 'result', key, value },
      { at, type: 'result', key, value, event: 7, queued: true },
      { at, type: 'fault', key, problem },
      { at, type: 'secret', key },
      { at, type: 'cancel' },
      { at, type: 'postponed', key, until: at + 5, attempt: 2 },
      { at, type: 'copy', key, value, event: 7 },
      { at, type: 'copy', key, value: problem, problem: true },
      { at, type: 'report', report: { kind: 'workflow.started' } },
      { at, type: 'report', report: { kind: 'workflow.completed', output: value } },
      { at, type: 'report', report: { kind: 'workflow.faulted', error: problem } },
      { at, type: 'report', report: { kind: 'workflow.correlation-completed' } },
      {
        at,
        type: 'report',
        report: { kind: 'workflow.correlation-completed', correlationKeys: { id: value } },
      },
      { at, type: 'report', report: { kind: 'task.created', ...place } },
      { at, type: 'report', report: { kind: 'task.started', input: value, task: '/a', key: '/a' } },
      { at, type: 'report', report: { kind: 'task.completed', output: value, ...place } },
      { at, type: 'report', report: { kind: 'task.retried', attempt: 3, ...place } },
    ),
  )

describe('a row of the feed', () => {
  it('reads as it was written', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), (items) => {
        expect(decodeRow(encodeRow(items))).toEqual(JSON.parse(JSON.stringify(items)))
      }),
    )
  })

  it('has a value that goes from task to task once', () => {
    const large = { text: 'x'.repeat(1000) }
    const items: FeedItem[] = [
      { at: 1, type: 'result', key: '/a', value: large },
      { at: 1, type: 'report', report: { kind: 'task.completed', output: large, ...place } },
      { at: 1, type: 'report', report: { kind: 'task.started', input: large, ...place } },
    ]
    expect(encodeRow(items).length).toBeLessThan(1500)
    expect(decodeRow(encodeRow(items))).toEqual(items)
  })
})
