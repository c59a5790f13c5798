import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { insertRows, type Database, type SqlValue } from '../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../database/testing/databases.ts'
import type { LifecycleReport } from '../workflow/index.ts'
import { encodeRow, mark, openHistory, type FeedItem, type History, type Subscription } from './index.ts'

overDatabases((kind) => {
  let records: TestDatabase
  let database: Database
  let history: History

  beforeEach(async () => {
    records = await testDatabase(kind)
    database = await records.open()
    history = openHistory(database)
  })

  afterEach(() => records.remove())

  const start = Date.parse('2026-01-01T00:00:00Z')
  const place = { task: '/do/0/a', key: '/do/0/a' }

  async function run(number: number, row: { [column: string]: SqlValue } = {}): Promise<void> {
    const all = {
      number,
      id: `id-${number}`,
      namespace: 'test',
      name: 'main',
      version: '1.0.0',
      digest: '',
      status: 'running',
      active: 1,
      started_at: start + number * 60_000,
      depth: 0,
      first_event: 1,
      ...row,
    }
    await database.commit(insertRows('runs', Object.keys(all), [Object.values(all)]))
  }

  function report(report: LifecycleReport, at = start): FeedItem {
    return { type: 'report', report, at }
  }

  async function feed(number: number, ...items: FeedItem[]): Promise<void> {
    await database.commit(insertRows('journal', ['run', 'data'], [[number, encodeRow(items)]]))
  }

  const begin: FeedItem = {
    type: 'start',
    at: start,
    input: { n: 1 },
    runtime: { name: 'sluse', version: '', metadata: {} },
  }

  describe('the list of runs', () => {
    const found = async (query: Parameters<History['runs']>[0]) =>
      (await history.runs(query)).runs.map(({ id }) => id)

    it('is newest first, page by page, with none missed or repeated', async () => {
      for (let number = 1; number <= 7; number++) await run(number)
      const pages: string[][] = []
      for (let cursor: string | undefined; ;) {
        const page = await history.runs({ limit: 3, ...(cursor !== undefined && { cursor }) })
        pages.push(page.runs.map(({ id }) => id))
        cursor = page.next
        if (cursor === undefined) break
      }
      expect(pages).toEqual([['id-7', 'id-6', 'id-5'], ['id-4', 'id-3', 'id-2'], ['id-1']])
    })

    it('is filtered by what is asked', async () => {
      await run(1, { status: 'completed', ended_at: start })
      await run(2, { name: 'other', labels: '{"owner":"Børn og Unge"}' })
      await run(3, { status: 'faulted', error: '{"type":"x","status":500,"detail":"50% off"}', parent: 1 })
      expect(await found({ status: ['completed', 'faulted'] })).toEqual(['id-3', 'id-1'])
      expect(await found({ name: 'other' })).toEqual(['id-2'])
      expect(await found({ from: '2026-01-01T00:02:00Z', to: '2026-01-01T00:03:00Z' })).toEqual(['id-2'])
      expect(await found({ text: 'Børn' })).toEqual(['id-2'])
      expect(await found({ text: '0% o' })).toEqual(['id-3'])
      expect(await found({ text: '_% o' })).toEqual([])
      expect(await found({ parent: 'id-1' })).toEqual(['id-3'])
    })

    it('says with a code that a run is not there', async () => {
      await expect(history.run('nobody')).rejects.toMatchObject({ code: 'SLUSE-RUN-NOT-FOUND' })
      await expect(history.timeline('nobody')).rejects.toMatchObject({ code: 'SLUSE-RUN-NOT-FOUND' })
    })
  })

  describe('a timeline', () => {
    it('has each task with its input, its output and its times', async () => {
      await run(1)
      await feed(
        1,
        begin,
        report({ kind: 'task.created', ...place }),
        report({ kind: 'task.started', input: 1, ...place }),
        report({ kind: 'task.retried', attempt: 1, ...place }, start + 500),
      )
      await feed(
        1,
        { type: 'result', key: '/do/0/a', value: 2, at: start + 1000 },
        report({ kind: 'task.completed', output: 2, ...place }, start + 1000),
        report({ kind: 'workflow.completed', output: 3 }, start + 1000),
      )
      expect(await history.timeline('id-1')).toMatchObject({
        input: { n: 1 },
        output: 3,
        tasks: [
          {
            ...place,
            status: 'completed',
            startedAt: '2026-01-01T00:00:00.000Z',
            endedAt: '2026-01-01T00:00:01.000Z',
            input: 1,
            output: 2,
            retries: 1,
          },
        ],
      })
    })

    it('shows no secret', async () => {
      await run(1, { seal: '{"nonce":"abc123","names":["token"]}' })
      const sealed = `Bearer ${mark('abc123', 'token', 'raw')}`
      await feed(
        1,
        { ...begin, input: { sealed, [sealed]: 1 } },
        report({ kind: 'workflow.completed', output: sealed }),
      )
      const shown = await history.timeline('id-1')
      expect([shown.input, shown.output]).toEqual([{ sealed: 'Bearer •••', 'Bearer •••': 1 }, 'Bearer •••'])
    })
  })

  describe('lifecycle events', () => {
    it('have exactly the documented data', async () => {
      await run(1)
      const error = { type: 'https://example.com/bad', status: 500 }
      await feed(
        1,
        begin,
        report({ kind: 'workflow.started' }),
        report({ kind: 'task.created', ...place }),
        report({ kind: 'task.started', input: 1, ...place }),
        report({ kind: 'task.retried', attempt: 1, ...place }),
        report({ kind: 'task.suspended', ...place }),
        report({ kind: 'task.resumed', ...place }),
        report({ kind: 'task.completed', output: 2, ...place }),
        report({ kind: 'task.faulted', error, ...place }),
        report({ kind: 'task.cancelled', ...place }),
        report({ kind: 'workflow.suspended' }),
        report({ kind: 'workflow.resumed' }),
        report({ kind: 'workflow.correlation-started' }),
        report({ kind: 'workflow.correlation-completed', correlationKeys: { order: 7 } }),
        report({ kind: 'workflow.cancelled' }),
        report({ kind: 'workflow.faulted', error }),
        report({ kind: 'workflow.completed', output: 3 }),
      )
      const time = '2026-01-01T00:00:00.000Z'
      const name = 'main-id-1.test'
      const task = { workflow: name, task: '/do/0/a' }
      const found: [string, unknown][] = []
      for await (const { type, data, source, subject } of history.lifecycle('id-1')) {
        expect([source, subject]).toEqual(['/test/main/1.0.0', 'id-1'])
        found.push([type.replace(/^io\.serverlessworkflow\.(.*)\.v1$/, '$1'), data])
      }
      const definition = { name: 'main', namespace: 'test', version: '1.0.0' }
      expect(found).toEqual([
        ['workflow.started', { name, definition, startedAt: time }],
        ['task.created', { ...task, createdAt: time }],
        ['task.started', { ...task, startedAt: time }],
        ['task.retried', { ...task, retriedAt: time }],
        ['task.suspended', { ...task, suspendedAt: time }],
        ['task.resumed', { ...task, resumedAt: time }],
        ['task.completed', { ...task, completedAt: time, output: 2 }],
        ['task.faulted', { ...task, faultedAt: time, error }],
        ['task.cancelled', { ...task, cancelledAt: time }],
        ['workflow.suspended', { name, suspendedAt: time }],
        ['workflow.resumed', { name, resumedAt: time }],
        ['workflow.correlation-started', { name, startedAt: time }],
        ['workflow.correlation-completed', { name, completedAt: time, correlationKeys: { order: 7 } }],
        ['workflow.cancelled', { name, cancelledAt: time }],
        ['workflow.faulted', { name, faultedAt: time, error }],
        ['workflow.completed', { name, completedAt: time, output: 3 }],
      ])
    })
  })

  describe('a subscription', () => {
    const three = [
      report({ kind: 'workflow.started' }),
      report({ kind: 'task.created', ...place }),
      report({ kind: 'task.started', input: 1, ...place }),
    ]

    /** The cursors of the next events, up to `count`. */
    async function next(count: number, subscription: Subscription): Promise<string[]> {
      const cursors: string[] = []
      for await (const { cursor } of history.subscribe(subscription)) {
        cursors.push(cursor)
        if (cursors.length === count) break
      }
      return cursors
    }

    it('goes on after any event without missing or repeating one', async () => {
      await run(1)
      for (let row = 0; row < 5; row++) await feed(1, begin, ...three)
      const all = await next(15, { from: '0' })
      expect(new Set(all).size).toBe(15)
      for (const [index, from] of all.slice(0, 14).entries()) {
        expect(await next(14 - index, { from })).toEqual(all.slice(index + 1))
      }
    })

    it('has what is committed while it is read, each once and in order', async () => {
      await run(1)
      await run(2, { name: 'other' })
      const reading = next(300, { from: '0', run: 'id-1' })
      for (let row = 0; row < 100; row++) {
        await Promise.all([feed(1, begin, ...three), feed(2, ...three)])
        if (row % 10 === 0) await new Promise(setImmediate)
      }
      const cursors = await reading
      expect(new Set(cursors).size).toBe(300)
      const numbers = cursors.map((cursor) => cursor.split('.').map(Number) as [number, number])
      expect([...numbers].sort(([a, b], [c, d]) => a - c || b - d)).toEqual(numbers)
    })

    it('begins now where nothing else is said, and is only of what is asked for', async () => {
      await run(1)
      await run(2, { name: 'other' })
      await feed(1, ...three)
      const other = next(3, { name: 'other' })
      await new Promise((resolve) => setTimeout(resolve, 20))
      await feed(1, ...three)
      await feed(2, ...three)
      expect((await other).map((cursor) => cursor.split('.')[0])).toEqual(['3', '3', '3'])
    })

    it('ends when it is told to', async () => {
      const controller = new AbortController()
      const reading = next(1, { signal: controller.signal })
      await new Promise((resolve) => setTimeout(resolve, 10))
      controller.abort()
      expect(await reading).toEqual([])
    })
  })
})
