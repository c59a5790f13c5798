import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from './json.ts'
import { fault } from './problem.ts'
import { after } from './testing/memory-context.ts'
import { event, runWorkflow, type Given, type Result } from './testing/run-workflow.ts'

/** Small workflows of every shape: each task is a function of a name that is unique in its list. */
type Tasks = { [name: string]: object }[]

const simple = fc.oneof(
  fc.record({ set: fc.constantFrom('${ [., $context] | tojson | length }', '${ 1 }', '${ . }') }),
  fc.record({ wait: fc.record({ milliseconds: fc.integer({ min: 0, max: 20 }) }) }),
  fc.record({
    call: fc.constant('http'),
    with: fc.constantFrom(
      ...[3, 7, 11, 13].map((n) => ({ method: 'get', endpoint: `https://${n}.example` })),
    ),
  }),
  fc.record({ emit: fc.constant({ event: { with: { type: 'told', data: '${ . }' } } }) }),
  fc.record({ raise: fc.constant({ error: { type: 'https://example.org/boom', status: 418 } }) }),
  fc.record({ listen: fc.constant({ to: { any: [] } }) }),
)

const common = fc.record(
  {
    if: fc.constantFrom('true', '. != 1'),
    export: fc.constantFrom({ as: '($context // []) + [1]' }, { as: '.' }),
    output: fc.constantFrom({ as: '[.]' }, { as: '. ' }),
    timeout: fc.record({ after: fc.record({ milliseconds: fc.integer({ min: 1, max: 30 }) }) }),
    then: fc.constantFrom('continue', 'exit', 'end'),
  },
  { requiredKeys: [] },
)

const { list } = fc.letrec<{ list: Tasks; task: object }>((tie) => {
  const composite = fc.oneof(
    fc.record({ do: tie('list') }),
    fc.record({ for: fc.constant({ in: '[1, 2]' }), do: tie('list') }),
    fc.record({
      for: fc.constant({ in: '[1, 2, 3]' }),
      do: tie('list'),
      metadata: fc.constant({ concurrency: 2 }),
    }),
    fc.record({ fork: fc.record({ branches: tie('list'), compete: fc.boolean() }) }),
    fc.record({
      try: tie('list'),
      catch: fc.record(
        {
          do: tie('list'),
          retry: fc.constant({ delay: { milliseconds: 2 }, limit: { attempt: { count: 1 } } }),
        },
        { requiredKeys: [] },
      ),
    }),
    fc.constant({ switch: [{ one: { when: '. == 1', then: 'exit' } }, { other: { then: 'continue' } }] }),
  )
  const bare = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: simple },
    { weight: 4, arbitrary: composite },
  )
  return {
    task: fc.oneof(
      { weight: 2, arbitrary: bare },
      { weight: 1, arbitrary: fc.tuple(bare, common).map(([body, extra]) => ({ ...extra, ...body })) },
    ),
    list: fc
      .array(tie('task'), { minLength: 1, maxLength: 3 })
      .map((tasks) => tasks.map((task, index) => ({ [`t${index}`]: task }))),
  }
})

const world: Given = {
  input: { start: true },
  activities: {
    http: (input, { key }) => {
      const { uri } = (input as { endpoint: { uri: string } }).endpoint
      const number = Number(/\d+/.exec(uri)?.[0])
      if ((number + key.length) % 4 === 0) return after(number, fault('communication', 'no', { status: 503 }))
      return after(number, { key })
    },
  },
  events: [
    { at: Date.UTC(2026, 0, 31, 12, 0, 0, 5), event: event('one', 1) },
    { at: Date.UTC(2026, 0, 31, 12, 0, 0, 15), event: event('two', 2) },
  ],
}

function seen({ ended, context }: Result) {
  return { ended, reports: context.reports, journal: context.journal }
}

describe('replay', () => {
  test('from any prefix of the journal the run ends the same, tells the same, and repeats no recorded effect', async () => {
    await fc.assert(
      fc.asyncProperty(
        list,
        fc.option(fc.integer({ min: 0, max: 25 }), { freq: 4, nil: undefined }),
        async (tasks, cancelAfter) => {
          const given =
            cancelAfter === undefined
              ? world
              : { ...world, cancelAt: Date.UTC(2026, 0, 31, 12) + cancelAfter }
          const first = await runWorkflow(tasks, given)
          const { journal } = first.context
          const points =
            journal.length <= 12
              ? journal.map((_, index) => index + 1)
              : [1, journal.length >> 1, journal.length]
          for (const length of points) {
            const recorded = new Set(journal.slice(0, length).map(({ key }) => key))
            const again = await first.replay(length)
            expect(again.context.carriedOut.filter((key) => recorded.has(key))).toEqual([])
            expect(comparable(seen(again))).toEqual(comparable(seen(first)))
          }
        },
      ),
      { numRuns: Number(process.env.REPLAY_RUNS ?? 150) },
    )
  })

  test('keys of effects are unique and lie in the definition', async () => {
    await fc.assert(
      fc.asyncProperty(list, async (tasks) => {
        const { context } = await runWorkflow(tasks, world)
        for (const key of context.asked.keys()) expect(key).toMatch(/^\/do\/\d+\/t\d+/)
        const started = context.reports
          .filter((report) => report.kind === 'task.started')
          .map((report) => report.key)
        expect(new Set(started).size).toBe(started.length)
      }),
      { numRuns: 100 },
    )
  })

  test('every task that started also ended', async () => {
    await fc.assert(
      fc.asyncProperty(list, async (tasks) => {
        const { ended, context } = await runWorkflow(tasks, world)
        if (ended.status === 'waiting') return
        const open = new Set<string>()
        for (const report of context.reports) {
          if (report.kind === 'task.started') open.add(report.key)
          if (
            report.kind === 'task.completed' ||
            report.kind === 'task.faulted' ||
            report.kind === 'task.cancelled'
          ) {
            open.delete(report.key)
          }
        }
        expect([...open]).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

/** The number of times that an activity was carried out differs between a first run and a replay; results do not. */
function comparable(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
