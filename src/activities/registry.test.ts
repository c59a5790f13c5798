import { expect, test } from 'vitest'
import { faultOf } from '../http/testing/index.ts'
import type { Json } from '../workflow/index.ts'
import { type Activity, createActivityRunner } from './index.ts'

const request = (kind: string, signal = new AbortController().signal) => ({
  kind,
  input: 1 as Json,
  idempotencyKey: 'k',
  attempt: 0,
  runId: 'r',
  key: '/do/0/a',
  secrets: {},
  signal,
})
const echo = (): Activity => ({ name: 'echo', run: async (input, { key }) => ({ input, key }) })

test('an activity is found by its kind, and given what the request says', async () => {
  const run = createActivityRunner({ dataFolder: '/nowhere' }, [echo])
  expect(await run(request('echo'))).toEqual({ input: 1, key: '/do/0/a' })
  await run.close()
})

test('a kind that is not there is a configuration fault', async () => {
  const run = createActivityRunner({ dataFolder: '/nowhere' }, [echo])
  expect((await faultOf(run(request('other')))).detail).toContain("'other'")
  await run.close()
})

test('what was aborted before it began is not begun', async () => {
  let begun = false
  const run = createActivityRunner({ dataFolder: '/nowhere' }, [
    () => ({ name: 'x', run: async () => (begun = true) }),
  ])
  await expect(run(request('x', AbortSignal.abort(new Error('over'))))).rejects.toThrow('over')
  expect(begun).toBe(false)
  await run.close()
})

test('closing lets go of what activities keep', async () => {
  let closed = false
  const run = createActivityRunner({ dataFolder: '/nowhere' }, [
    () => ({ name: 'x', run: async () => null, close: async () => void (closed = true) }),
  ])
  await run.close()
  expect(closed).toBe(true)
})
