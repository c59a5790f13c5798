import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled, Scope } from '../../workflow/index.ts'
import { openTestEngine, testEvent, until, type TestEngine } from '../testing/embedded-engine.ts'
import type { Interpret } from './index.ts'

let test: TestEngine
afterEach(() => test.close())

const anything = 'do: [ { nothing: { set: { a: 1 } } } ]'
const http = { kind: 'http', input: {} }

/** Starts a run of this coroutine and lets it come to wait for the event `go`. */
async function given(interpret: Interpret, activities = async () => 'ok' as const) {
  test = await openTestEngine({ interpret, activities }, anything)
  return test
}

const go: Parameters<Parameters<Interpret>[1]['event']>[1] = [{ with: { type: 'go' }, variables: {} }]

describe('a replay', () => {
  it('sees the same time, the same ids and the same results', async () => {
    const seen: unknown[][] = []
    const { start } = await given(async (_run, context, scope) => {
      const one = [context.now(), context.uuid('x')]
      one.push(String(await context.activity('/a', http, scope)), context.now())
      seen.push(one)
      await context.event('/go', go, scope)
      return null
    })
    const id = await start()
    await until(() => seen.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await test.reopen()
    await test.engine.publish([testEvent('go', 1)])
    await test.engine.outcome(id)
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(seen[0])
  })

  it('records nothing twice', async () => {
    const { start } = await given(async (_run, context, scope) => {
      context.report({ kind: 'workflow.started' })
      context.report({ kind: 'task.started', input: 1, task: '/t', key: '/t' })
      await context.activity('/a', http, scope)
      context.report({ kind: 'task.completed', output: 1, task: '/t', key: '/t' })
      await context.event('/go', go, scope)
      return null
    })
    const id = await start()
    await new Promise((resolve) => setTimeout(resolve, 60))
    for (let times = 0; times < 3; times++) await test.reopen()
    await test.engine.publish([testEvent('go', 1)])
    await test.engine.outcome(id)
    const kinds: string[] = []
    for await (const { type } of test.history.lifecycle(id)) kinds.push(type)
    expect(kinds.map((type) => type.replace(/^io\.serverlessworkflow\.(.*)\.v1$/, '$1'))).toEqual([
      'workflow.started',
      'task.started',
      'task.completed',
      'workflow.completed',
    ])
  })

  it('gives results in the order in which they were given, however they are asked for', async () => {
    const order: string[] = []
    const { start } = await given(
      async (_run, context, scope) => {
        order.splice(0)
        const note = (key: string) => context.activity(key, http, scope).then(() => order.push(key))
        await Promise.all(['/1', '/2', '/3', '/4'].map(note))
        await context.event('/go', go, scope)
        return [...order]
      },
      async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
        return 'ok'
      },
    )
    const id = await start()
    await until(() => order.length === 4)
    const first = [...order]
    await new Promise((resolve) => setTimeout(resolve, 60))
    await test.reopen()
    await test.engine.publish([testEvent('go', 1)])
    expect(await test.engine.outcome(id)).toEqual({ status: 'completed', output: first })
  })

  it('stops a run that does not replay as it was recorded, and says so', async () => {
    let key = '/a'
    const { start } = await given(async (_run, context, scope) => {
      await context.activity(key, http, scope)
      await context.event('/go', go, scope)
      return null
    })
    const id = await start()
    await new Promise((resolve) => setTimeout(resolve, 60))
    key = '/b'
    await test.reopen()
    await test.engine.publish([testEvent('go', 1)])
    expect(await test.engine.outcome(id)).toMatchObject({
      status: 'faulted',
      error: { detail: expect.stringContaining('SLUSE-REPLAY') },
    })
  })

  it('carries out again what must not be stored, and goes on only then', async () => {
    let calls = 0
    test = await openTestEngine(
      {
        activities: async () => `token ${++calls}`,
        interpret: async (_run, context, scope) => {
          const token = await context.activity('/token', { ...http, secret: true }, scope)
          await context.activity('/use', { kind: 'http', input: token }, scope)
          await context.event('/go', go, scope)
          return token
        },
      },
      anything,
    )
    const id = await test.start()
    await new Promise((resolve) => setTimeout(resolve, 60))
    await test.reopen()
    await test.engine.publish([testEvent('go', 1)])
    expect(await test.engine.outcome(id)).toEqual({ status: 'completed', output: 'token 3' })
    const rows = await test.database.query<{ data: string }>('SELECT data FROM journal')
    expect(rows.map(({ data }) => data).join()).not.toContain('token 1')
  })

  it('replays a cancellation where it happened', async () => {
    const { start } = await given(async (_run, context, scope) => {
      const effect = context.sleep('/long', context.now() + 3_600_000, scope).catch((error: unknown) => error)
      const reason = await effect
      await context.event('/after', go, new Scope())
      return reason instanceof Cancelled ? reason.kind : 'not cancelled'
    })
    const id = await start()
    await test.engine.cancel(id)
    await test.reopen()
    await test.engine.publish([testEvent('go', 1)])
    expect(await test.engine.outcome(id)).toEqual({ status: 'completed', output: 'run-cancelled' })
  })
})

describe('a result', () => {
  it('that is too large is a fault that says so', async () => {
    test = await openTestEngine(
      {
        activities: async () => 'x'.repeat(2000),
        settings: { maxResultBytes: 1000 },
      },
      'do: [ { call: { call: http, with: { method: get, endpoint: http://effect } } } ]',
    )
    const outcome = await test.engine.outcome(await test.start())
    expect(outcome).toMatchObject({
      status: 'faulted',
      error: { detail: expect.stringContaining('2002 bytes') },
    })
  })

  it('is seen by the run as a replay will see it', async () => {
    const { start, engine } = await given(
      async (_run, context, scope) => context.activity('/a', http, scope),
      async () => ({ at: new Date(0), gone: undefined }) as never,
    )
    expect(await engine.outcome(await start())).toEqual({
      status: 'completed',
      output: { at: '1970-01-01T00:00:00.000Z' },
    })
  })
})

describe('a run', () => {
  it('that waits for nothing is ended rather than left standing', async () => {
    const { start, engine } = await given(() => new Promise(() => {}))
    expect(await engine.outcome(await start())).toMatchObject({ status: 'faulted' })
    expect(test.logged.join()).toContain('defect')
  })
})
