import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFolder, type Running } from './testing/command.ts'
import { asking } from '../server/testing/people.ts'

let folder: ReturnType<typeof openFolder>
let running: Running | undefined
beforeEach(() => {
  folder = openFolder({ 'pipelines/ask.yaml': asking('ask', { otherwise: 'continue', fourEyes: false }) })
})
afterEach(async () => {
  running?.process.kill('SIGKILL')
  await running?.done
  folder.remove()
})

const serve = async () => {
  running = folder.start(['serve', '--port', '0', '--output', 'json'])
  const [, url = ''] = await running.until(/"url": "(http:[^"]+)"/)
  return url
}
const kill = async () => {
  running?.process.kill('SIGKILL')
  await running?.done
}
const json = async (url: string, body?: object) => {
  const answer = await fetch(
    url,
    body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  )
  return (await answer.json()) as { [name: string]: unknown }
}

test('kill -9 between a decision and the wake-up loses nothing: decided is decided, and the run goes on', async () => {
  const rounds = 5
  const runs: string[] = []
  let url = await serve()
  for (let at = 0; at < rounds; at++)
    runs.push((await json(`${url}/api/v1/pipelines/test/ask/runs`, {})).id as string)
  const inbox = async () => (await json(`${url}/api/v1/approvals`)).approvals as { id: string; run: string }[]
  await expect.poll(async () => (await inbox()).length, { timeout: 20_000 }).toBe(rounds)

  const decided = new Map<string, string>()
  for (const { id, run } of await inbox()) {
    // Killed the moment the decision is acknowledged: the run has had no time to be woken by it.
    const { status } = await json(`${url}/api/v1/approvals/${id}/decide`, {
      decision: 'approved',
      comment: id,
    })
    await kill()
    expect(status).toBe('approved')
    decided.set(run, id)
    url = await serve()
  }
  expect([...decided.keys()].sort()).toEqual([...runs].sort())
  for (const [run, id] of decided) {
    await expect
      .poll(async () => (await json(`${url}/api/v1/runs/${run}`)).status, { timeout: 20_000 })
      .toBe('completed')
    expect(await json(`${url}/api/v1/runs/${run}/output`)).toMatchObject({
      approval: id,
      decision: 'approved',
      comment: id,
    })
  }
  expect(await json(`${url}/api/v1/audit/verify`)).toMatchObject({ ok: true })
  const { entries } = await json(`${url}/api/v1/audit?action=approvals.decide&limit=500`)
  expect((entries as { outcome: string }[]).filter(({ outcome }) => outcome === 'done')).toHaveLength(rounds)
}, 120_000)

test('a decision that was not acknowledged is either there as a whole, or not at all', async () => {
  let url = await serve()
  const run = (await json(`${url}/api/v1/pipelines/test/ask/runs`, {})).id as string
  const all = async () =>
    (await json(`${url}/api/v1/approvals?box=all`)).approvals as { id: string; status: string }[]
  await expect.poll(async () => (await all()).length, { timeout: 20_000 }).toBe(1)
  const [{ id } = { id: '' }] = await all()
  // Sent, and killed without waiting.
  json(`${url}/api/v1/approvals/${id}/decide`, { decision: 'approved' }).catch(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  await kill()
  url = await serve()
  const [found] = await all()
  const { entries } = await json(`${url}/api/v1/audit?action=approvals.decide`)
  const done = (entries as { outcome: string }[]).filter(({ outcome }) => outcome === 'done')
  expect(done).toHaveLength(found?.status === 'approved' ? 1 : 0)
  if (found?.status !== 'approved')
    await json(`${url}/api/v1/approvals/${id}/decide`, { decision: 'approved' })
  await expect
    .poll(async () => (await json(`${url}/api/v1/runs/${run}`)).status, { timeout: 20_000 })
    .toBe('completed')
}, 60_000)
