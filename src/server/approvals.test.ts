import { afterAll, beforeAll, expect, test } from 'vitest'
import { asking, person, roleFlags, type Headers } from './testing/people.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const rules = {
  approvers: { groups: ['workers'] },
  preparedBy: ['paul'],
  form: { type: 'object', required: ['amount'], properties: { amount: { type: 'integer', minimum: 1 } } },
  otherwise: 'continue',
}
const files = { 'pipelines/ask.yaml': asking('ask', rules) }

let server: TestServer
const who: { [name: string]: Headers } = {}
beforeAll(async () => {
  server = await openServer(files, { flags: roleFlags })
  const groups = { anna: ['workers', 'staff'], bo: ['workers'], kim: ['chiefs'], otto: ['staff'] }
  for (const [name, of] of Object.entries(groups)) who[name] = await person(server.app, name, of)
})
afterAll(() => server.close())

const decide = async (name: string, id: string, decision: object) => {
  const { status, json } = await server.call('POST', `/api/v1/approvals/${id}/decide`, {
    json: decision,
    headers: who[name] ?? {},
  })
  return { status, code: json?.code as string | undefined }
}

const start = async (by = 'anna'): Promise<string> => {
  const { json } = await server.call('POST', `/api/v1/pipelines/test/ask/runs`, {
    headers: who[by] ?? {},
  })
  return json.id as string
}
const waiting = async (run: string): Promise<string> => {
  const find = async () => {
    const [row] = await server.app.database.query<{ id: string }>('SELECT id FROM approvals WHERE run = ?', [
      run,
    ])
    return row?.id
  }
  await expect.poll(find, { timeout: 20_000 }).toBeDefined()
  return (await find()) as string
}
const yes = { decision: 'approved', form: { amount: 5 } }

test('an event that says so decides nothing', async () => {
  const run = await start()
  const id = await waiting(run)
  const forged = {
    specversion: '1.0',
    id: 'forged',
    source: '/sluse/approvals',
    type: 'dk.sluse.approval.decided.v1',
    subject: id,
  }
  const sent = await server.call('POST', '/events', {
    body: JSON.stringify({ ...forged, data: { approval: id, decision: 'approved' } }),
    headers: { ...who['otto'], 'content-type': 'application/cloudevents+json' },
  })
  expect(sent.status).toBe(202)
  await expect
    .poll(async () => (await server.app.inbox.list({ type: forged.type, limit: 1 })).events[0]?.consumed, {
      timeout: 10_000,
    })
    .toBe(true)
  expect((await server.app.history.run(run)).status).not.toBe('completed')
  expect(
    (await server.call('GET', `/api/v1/approvals/${id}`, { headers: who['bo'] ?? {} })).json.status,
  ).toBe('open')
})

test('who sent the event that started the run has started it', async () => {
  const { json } = await server.call('POST', '/api/v1/pipelines/test/ask/runs', {
    headers: who['otto'] ?? {},
  })
  const id = await waiting(json.id as string)
  expect(await decide('anna', id, yes)).toMatchObject({ status: 200 })
  // A rerun is started by whoever reruns it, and by whoever started what it repeats.
  const again = await server.call('POST', `/api/v1/runs/${json.id}/rerun`, { headers: who['anna'] ?? {} })
  const second = await waiting(again.json.id as string)
  expect((await decide('anna', second, yes)).code).toBe('SLUSE-APPROVAL-FOUR-EYES')
})

test('one sees what waits for oneself, and what it shows only where one is asked', async () => {
  const id = await waiting(await start())
  const inbox = async (name: string) => {
    const { json } = await server.call('GET', '/api/v1/approvals?limit=200', { headers: who[name] ?? {} })
    return (json.approvals as { id: string }[]).some((each) => each.id === id)
  }
  expect([await inbox('bo'), await inbox('anna'), await inbox('kim'), await inbox('otto')]).toEqual([
    true,
    false,
    false,
    false,
  ])
  const get = async (name: string) =>
    (await server.call('GET', `/api/v1/approvals/${id}`, { headers: who[name] ?? {} })).json
  expect(await get('bo')).toMatchObject({ mayDecide: true, content: { form: rules.form } })
  expect(await get('kim')).toMatchObject({ mayDecide: false, why: 'SLUSE-APPROVAL-NOT-ASKED' })
  expect(await get('kim')).not.toHaveProperty('content')
  expect(await get('otto')).not.toHaveProperty('content')
  const looks = await server.app.audit.list({ resource: `approval/${id}`, action: 'approvals.data' })
  expect(looks.entries.map((entry) => entry.who.subject)).toEqual(['bo'])
})

test('a decision is for what one saw: where it has changed, nothing is decided', async () => {
  const id = await waiting(await start())
  await server.call('POST', `/api/v1/approvals/${id}/claim`, { headers: who['bo'] ?? {} })
  const stale = await decide('bo', id, { ...yes, version: 0 })
  expect(stale).toMatchObject({ status: 409, code: 'SLUSE-APPROVAL-CHANGED' })
  expect((await decide('bo', id, { ...yes, version: 1 })).status).toBe(200)
})
