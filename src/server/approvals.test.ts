import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runCommandLine } from '../cli/index.ts'
import { asking, person, roleFlags, type Headers } from './testing/people.ts'
import { openProvider, type Browser, type TestProvider } from './testing/open-provider.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const rules = {
  approvers: { groups: ['workers'] },
  preparedBy: ['paul'],
  form: { type: 'object', required: ['amount'], properties: { amount: { type: 'integer', minimum: 1 } } },
  otherwise: 'continue',
}
const depths = {
  'the workflow itself': (task: string) => `do:\n  - ${task}`,
  'a do': (task: string) => `do:\n  - outer: { do: [ { ${task} } ] }`,
  'a fork': (task: string) =>
    `do:\n  - outer: { fork: { branches: [ { ${task} }, { other: { set: { x: 1 } } } ] } }`,
  'a for': (task: string) => `do:\n  - outer: { for: { in: '\${ [1] }' }, do: [ { ${task} } ] }`,
  'a for in a fork in a try': (task: string) =>
    `do:\n  - outer: { try: [ { f: { fork: { branches: [ { l: { for: { in: '\${ [1] }' }, do: [ { ${task} } ] } } ] } } } ], catch: { errors: { with: { status: 599 } }, do: [ { n: { set: { x: 1 } } } ] } }`,
  'a sub-workflow': undefined,
  'a sub-workflow of a sub-workflow': undefined,
}
const sub = (name: string, of: string) =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\ndo:\n  - inner: { run: { workflow: { namespace: test, name: ${of}, version: '1.0.0' } } }\n`
const names = Object.keys(depths) as (keyof typeof depths)[]
const files: { [file: string]: string } = {
  'pipelines/s1.yaml': sub('depth-5', 'depth-0'),
  'pipelines/s2.yaml': sub('depth-6', 'depth-5'),
}
names.forEach((name, index) => {
  const where = depths[name]
  if (where) files[`pipelines/d${index}.yaml`] = asking(`depth-${index}`, rules, where)
})

let provider: TestProvider
let server: TestServer
const who: { [name: string]: Headers } = {}
const browsers: { [name: string]: Browser } = {}
beforeAll(async () => {
  provider = await openProvider()
  server = await openServer(files, {
    flags: { ...roleFlags, auth: 'oidc', oidcIssuer: provider.issuer, oidcClientId: provider.clientId },
    environment: { SLUSE_SECRET_oidcClientSecret: provider.clientSecret },
  })
  provider.trust(server.url)
  const groups: { [name: string]: string[] } = {
    anna: ['workers', 'staff'],
    bo: ['workers'],
    paul: ['workers'],
    kim: ['chiefs'],
    otto: ['staff'],
    adam: ['admins'],
  }
  for (const [name, of] of Object.entries(groups)) {
    provider.accounts.set(name, { name, groups: of })
    who[name] = await person(server.app, name, of)
    browsers[name] = provider.browser(name)
    await browsers[name].signIn(server.url)
  }
  const machine = await server.app.access.createKey(
    { name: 'robot', grants: [{ role: 'approver', namespaces: '*' }] },
    { ...(await robotMaker()), grants: [{ role: 'approver', namespaces: '*' }] },
    {},
  )
  who['robot'] = { authorization: `Bearer ${machine.secret}` }
})
afterAll(async () => {
  await server.close()
  await provider.close()
})
const robotMaker = async () => {
  const found = await server.app.access.person('adam')
  if (!found) throw new Error('adam')
  return found
}

interface Answer {
  readonly status: number
  readonly code?: string
}
type Decide = (name: string, id: string, decision: object) => Promise<Answer>

/** Every way in: each ends at the same gate. */
const ways: { readonly [way: string]: Decide } = {
  'the API with a key': async (name, id, decision) => {
    const { status, json } = await server.call('POST', `/api/v1/approvals/${id}/decide`, {
      json: decision,
      headers: who[name] ?? {},
    })
    return { status, code: json?.code }
  },
  'a browser with a session': async (name, id, decision) => {
    const headers = { 'content-type': 'application/json', 'sluse-request': '1' }
    const browser = browsers[name]
    if (!browser) return ways['the API with a key']?.(name, id, decision) as Promise<Answer>
    const answer = await browser.go(`${server.url}/api/v1/approvals/${id}/decide`, {
      method: 'POST',
      headers,
      body: JSON.stringify(decision),
    })
    const { code } = (await answer.json()) as { code?: string }
    return { status: answer.status, ...(code !== undefined && { code }) }
  },
  'the command line': async (name, id, decision) => {
    const {
      decision: what,
      comment,
      form,
    } = decision as { decision: string; comment?: string; form?: object }
    const word = { approved: 'approve', rejected: 'reject', 'changes-requested': 'changes' }[what] ?? what
    let out = ''
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      out += String(chunk)
      return true
    })
    try {
      const token = who[name]?.authorization?.replace('Bearer ', '') ?? ''
      const words = [
        'approvals',
        'decide',
        id,
        word,
        '--server',
        server.url,
        '--token',
        token,
        '--output',
        'json',
      ]
      if (comment !== undefined) words.push('--comment', comment)
      if (form !== undefined) words.push('--form', JSON.stringify(form))
      const exit = await runCommandLine(words)
      const answer = JSON.parse(out) as { code?: string; status?: number }
      return {
        status: exit === 0 ? 200 : (answer.status ?? 0),
        ...(answer.code !== undefined && { code: answer.code }),
      }
    } finally {
      write.mockRestore()
    }
  },
}

const start = async (name: string, by = 'anna'): Promise<string> => {
  const { json } = await server.call('POST', `/api/v1/pipelines/test/${name}/runs`, {
    headers: who[by] ?? {},
  })
  return json.id as string
}
/** The approval that a run, or one within it, waits for. */
const waiting = async (run: string): Promise<string> => {
  const find = async () => {
    const [row] = await server.app.database.query<{ id: string }>(
      `WITH RECURSIVE tree (number, id) AS (SELECT number, id FROM runs WHERE id = ?
         UNION SELECT runs.number, runs.id FROM runs JOIN tree ON runs.parent = tree.number)
       SELECT approvals.id FROM approvals JOIN tree ON tree.id = approvals.run WHERE approvals.status = 'open'`,
      [run],
    )
    return row?.id
  }
  await expect.poll(find, { timeout: 20_000 }).toBeDefined()
  return (await find()) as string
}
const yes = { decision: 'approved', form: { amount: 5 } }

describe.each(names)('an approval in %s', (depth) => {
  describe.each(Object.keys(ways))('by %s', (way) => {
    test('keeps every rule, and its decision goes on', async () => {
      const decide = ways[way] as Decide
      const run = await start(`depth-${names.indexOf(depth)}`)
      const id = await waiting(run)
      const refused = async (name: string, decision: object) => (await decide(name, id, decision)).code
      expect(await refused('anna', yes)).toBe('SLUSE-APPROVAL-FOUR-EYES')
      expect(await refused('paul', yes)).toBe('SLUSE-APPROVAL-FOUR-EYES')
      expect(await refused('kim', yes)).toBe('SLUSE-APPROVAL-NOT-ASKED')
      expect(await refused('otto', yes)).toBe('SLUSE-FORBIDDEN')
      expect(await refused('adam', yes)).toBe('SLUSE-FORBIDDEN')
      expect(await refused('robot', yes)).toBe('SLUSE-APPROVAL-PERSON')
      expect(await refused('bo', { decision: 'rejected' })).toBe('SLUSE-APPROVAL-COMMENT')
      expect(await refused('bo', { decision: 'changes-requested', comment: ' ' })).toBe(
        'SLUSE-APPROVAL-COMMENT',
      )
      expect(await refused('bo', { decision: 'approved' })).toBe('SLUSE-APPROVAL-FORM')
      expect(await refused('bo', { decision: 'approved', form: { amount: 0 } })).toBe('SLUSE-APPROVAL-FORM')
      expect((await decide('bo', id, yes)).status).toBe(200)
      expect(await refused('bo', yes)).toBe('SLUSE-APPROVAL-DECIDED')
      const outcome = await server.app.engine.outcome(run)
      expect(outcome.status).toBe('completed')
      expect(JSON.stringify(outcome)).toContain('"amount":5')
    })
  })
})

test('an address alone decides nothing: what a mail links to is looked at only after signing in', async () => {
  const id = await waiting(await start('depth-0'))
  for (const path of [`/api/v1/approvals/${id}/decide`, `/api/v1/approvals/${id}/claim`]) {
    expect((await server.call('GET', path, { headers: who['bo'] ?? {} })).status).toBe(405)
  }
  expect((await server.call('GET', `/api/v1/approvals/${id}`)).status).toBe(401)
})

test('an event that says so decides nothing', async () => {
  const run = await start('depth-0')
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
  const { json } = await server.call('POST', '/api/v1/pipelines/test/depth-0/runs', {
    headers: who['otto'] ?? {},
  })
  const id = await waiting(json.id as string)
  expect(await (ways['the API with a key'] as Decide)('anna', id, yes)).toMatchObject({ status: 200 })
  // A rerun is started by whoever reruns it, and by whoever started what it repeats.
  const again = await server.call('POST', `/api/v1/runs/${json.id}/rerun`, { headers: who['anna'] ?? {} })
  const second = await waiting(again.json.id as string)
  expect((await (ways['the API with a key'] as Decide)('anna', second, yes)).code).toBe(
    'SLUSE-APPROVAL-FOUR-EYES',
  )
})

test('one sees what waits for oneself, and what it shows only where one is asked', async () => {
  const id = await waiting(await start('depth-0'))
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
  const id = await waiting(await start('depth-0'))
  await server.call('POST', `/api/v1/approvals/${id}/claim`, { headers: who['bo'] ?? {} })
  const stale = await (ways['the API with a key'] as Decide)('bo', id, { ...yes, version: 0 })
  expect(stale).toMatchObject({ status: 409, code: 'SLUSE-APPROVAL-CHANGED' })
  expect((await (ways['the API with a key'] as Decide)('bo', id, { ...yes, version: 1 })).status).toBe(200)
})
