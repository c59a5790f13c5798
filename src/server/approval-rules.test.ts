import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '../engines/testing/manual-clock.ts'
import { openProvider, type Browser, type TestProvider } from './testing/open-provider.ts'
import { openServer, type TestServer } from './testing/open-server.ts'
import { asking, person, roleFlags, type Headers } from './testing/people.ts'
import { waysIn, wayNames, type WayIn } from './testing/ways-in.ts'

// Every rule, at every depth of nesting, by every way in: one server, and a pipeline for each rule at each depth.

const form = { type: 'object', required: ['amount'], properties: { amount: { type: 'integer', minimum: 1 } } }
const workers = { approvers: { groups: ['workers'] } }

/** What each rule is asked with. */
const asked = {
  'four eyes': { ...workers, preparedBy: ['paul'] },
  'a quorum': { ...workers, quorum: 2 },
  'a stand-in': { approvers: { users: ['lis'] } },
  'a claim': workers,
  'handing on': { approvers: { groups: ['chiefs'] } },
  'sending back': workers,
  'a form': { ...workers, form },
  'two at once': workers,
  'a deadline': {
    ...workers,
    deadline: { workingDays: 2 },
    reminders: [{ workingDaysBefore: 1 }],
    escalation: [{ to: { groups: ['chiefs'] }, deadline: { workingDays: 1 } }],
  },
} as const
type Rule = keyof typeof asked
const rules = Object.keys(asked) as Rule[]

const depths = {
  'the pipeline itself': (task: string) => `do:\n  - ${task}`,
  'a fork': (task: string) =>
    `do:\n  - outer: { fork: { branches: [ { ${task} }, { other: { set: { x: 1 } } } ] } }`,
  'a for': (task: string) => `do:\n  - outer: { for: { in: '\${ [1] }' }, do: [ { ${task} } ] }`,
  'a try': (task: string) =>
    `do:\n  - outer: { try: [ { ${task} } ], catch: { errors: { with: { status: 599 } }, do: [ { n: { set: { x: 1 } } } ] } }`,
  'a for in a fork in a try': (task: string) =>
    `do:\n  - outer: { try: [ { f: { fork: { branches: [ { l: { for: { in: '\${ [1] }' }, do: [ { ${task} } ] } } ] } } } ], catch: { errors: { with: { status: 599 } }, do: [ { n: { set: { x: 1 } } } ] } }`,
  'a sub-workflow': undefined,
  'a sub-workflow of a sub-workflow': undefined,
}
type Depth = keyof typeof depths
const depthNames = Object.keys(depths) as Depth[]

const nameOf = (rule: Rule, depth: Depth) => `rule-${rules.indexOf(rule)}-${depthNames.indexOf(depth)}`
const calling = (name: string, of: string) =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\ndo:\n  - inner: { run: { workflow: { namespace: test, name: ${of}, version: '1.0.0' } } }\n`

const files: { [file: string]: string } = {}
for (const rule of rules) {
  for (const depth of depthNames) {
    const name = nameOf(rule, depth)
    const where = depths[depth]
    const inner = depth === 'a sub-workflow' ? 'the pipeline itself' : 'a sub-workflow'
    files[`pipelines/${name}.yaml`] = where
      ? asking(name, { ...asked[rule], otherwise: 'continue' }, where)
      : calling(name, nameOf(rule, inner))
  }
}

const groups = {
  anna: ['workers', 'staff'],
  bo: ['workers'],
  carl: ['workers'],
  mia: ['workers'],
  paul: ['workers'],
  kim: ['chiefs'],
  lis: ['chiefs'],
  otto: ['staff'],
  adam: ['admins'],
}
const names = Object.keys(groups) as (keyof typeof groups)[]

// Monday; the days off that follow are those of Easter.
const clock = new ManualClock('2026-03-30T08:00:00Z')
let provider: TestProvider
let server: TestServer
const keys: { [name: string]: Headers } = {}
const browsers: { [name: string]: Browser } = {}
let ways: { readonly [way in (typeof wayNames)[number]]: WayIn }
beforeAll(async () => {
  provider = await openProvider()
  server = await openServer(files, {
    flags: { ...roleFlags, auth: 'oidc', oidcIssuer: provider.issuer, oidcClientId: provider.clientId },
    environment: { SLUSE_SECRET_oidcClientSecret: provider.clientSecret },
    app: { clock },
  })
  provider.trust(server.url)
  for (const name of names) {
    provider.accounts.set(name, { name, groups: groups[name] })
    keys[name] = await person(server.app, name, groups[name])
    browsers[name] = provider.browser(name)
  }
  const grants = [{ role: 'approver', namespaces: '*' }] as const
  const adam = await server.app.access.person('adam')
  const robot = await server.app.access.createKey({ name: 'robot', grants }, { ...adam!, grants }, {})
  keys['robot'] = { authorization: `Bearer ${robot.secret}` }
  await signIn()
  ways = waysIn({ server, keys, browsers })
})
afterAll(async () => {
  await server.close()
  await provider.close()
})
const signIn = () => Promise.all(names.map((name) => browsers[name]?.signIn(server.url)))

interface Case {
  readonly run: string
  readonly id: string
}

const begin = async (rule: Rule, depth: Depth): Promise<Case> => {
  const { json } = await server.call('POST', `/api/v1/pipelines/test/${nameOf(rule, depth)}/runs`, {
    headers: keys['anna'] ?? {},
  })
  const run = json.id as string
  return { run, id: await waiting(run) }
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
const ended = async (run: string) => {
  const outcome = await server.app.engine.outcome(run)
  expect(outcome.status).toBe('completed')
  return JSON.stringify(outcome)
}

const yes = { decision: 'approved' } as const
const twice = 'SLUSE-APPROVAL-TWICE'
const notAsked = 'SLUSE-APPROVAL-NOT-ASKED'
const fourEyes = 'SLUSE-APPROVAL-FOUR-EYES'
const decided = 'SLUSE-APPROVAL-DECIDED'
const claimed = 'SLUSE-APPROVAL-CLAIMED'

/** The steps of each rule, and how each is answered. */
const held: { readonly [rule in Exclude<Rule, 'a deadline'>]: (by: WayIn, of: Case) => Promise<void> } = {
  'four eyes': async ({ decide }, { run, id }) => {
    expect(await decide('anna', id, yes)).toBe(fourEyes)
    expect(await decide('paul', id, yes)).toBe(fourEyes)
    expect(await decide('kim', id, yes)).toBe(notAsked)
    expect(await decide('otto', id, yes)).toBe('SLUSE-FORBIDDEN')
    expect(await decide('adam', id, yes)).toBe('SLUSE-FORBIDDEN')
    expect(await decide('bo', id, yes)).toBe('approved')
    expect(await decide('carl', id, yes)).toBe(decided)
    expect(await ended(run)).toContain('"decision":"approved"')
  },
  'a quorum': async ({ decide }, { run, id }) => {
    expect(await decide('bo', id, yes)).toBe('open')
    expect(await decide('bo', id, yes)).toBe(twice)
    expect(await decide('anna', id, yes)).toBe(fourEyes)
    expect((await server.app.history.run(run)).status).not.toBe('completed')
    expect(await decide('carl', id, yes)).toBe('approved')
    expect(await ended(run)).toMatch(/"subject":"bo".*"subject":"carl"/)
  },
  'a stand-in': async ({ decide, delegate, endDelegation }, { run, id }) => {
    expect(await decide('mia', id, yes)).toBe(notAsked)
    const until = new Date(clock.now() + 86_400_000).toISOString()
    const first = await delegate('lis', 'mia', until)
    await endDelegation('lis', first)
    expect(await decide('mia', id, yes)).toBe(notAsked)
    // Standing in for somebody does not make two of who started it.
    const forStarter = await delegate('lis', 'anna', until)
    expect(await decide('anna', id, yes)).toBe(fourEyes)
    const second = await delegate('lis', 'mia', until)
    expect(await decide('mia', id, yes)).toBe('approved')
    await endDelegation('lis', forStarter)
    await endDelegation('lis', second)
    expect(await ended(run)).toMatch(/"subject":"mia".*"for":"lis"/)
  },
  'a claim': async ({ decide, claim, release }, { run, id }) => {
    expect(await claim('kim', id)).toBe(notAsked)
    expect(await claim('bo', id)).toBe('open')
    expect(await decide('carl', id, yes)).toBe(claimed)
    expect(await claim('carl', id)).toBe(claimed)
    expect(await release('carl', id)).toBe('SLUSE-FORBIDDEN')
    expect(await release('bo', id)).toBe('open')
    expect(await claim('carl', id)).toBe('open')
    expect(await release('adam', id)).toBe('open')
    expect(await decide('carl', id, yes)).toBe('approved')
    await ended(run)
  },
  'handing on': async ({ decide, reassign }, { run, id }) => {
    expect(await reassign('bo', id, ['bo'])).toBe(notAsked)
    expect(await reassign('kim', id, ['bo', 'anna'])).toBe('open')
    expect(await decide('kim', id, yes)).toBe(notAsked)
    expect(await decide('anna', id, yes)).toBe(fourEyes)
    expect(await reassign('adam', id, ['carl'])).toBe('open')
    expect(await decide('bo', id, yes)).toBe(notAsked)
    expect(await decide('carl', id, yes)).toBe('approved')
    await ended(run)
  },
  'sending back': async ({ decide }, { run, id }) => {
    expect(await decide('bo', id, { decision: 'rejected' })).toBe('SLUSE-APPROVAL-COMMENT')
    expect(await decide('bo', id, { decision: 'changes-requested', comment: ' ' })).toBe(
      'SLUSE-APPROVAL-COMMENT',
    )
    const back = { decision: 'changes-requested', comment: 'Bilag mangler' } as const
    expect(await decide('anna', id, back)).toBe(fourEyes)
    expect(await decide('bo', id, back)).toBe('changes-requested')
    expect(await decide('carl', id, yes)).toBe(decided)
    expect(await ended(run)).toMatch(/"decision":"changes-requested".*"comment":"Bilag mangler"/)
  },
  'a form': async ({ decide }, { run, id }) => {
    expect(await decide('bo', id, yes)).toBe('SLUSE-APPROVAL-FORM')
    expect(await decide('bo', id, { ...yes, form: { amount: 0 } })).toBe('SLUSE-APPROVAL-FORM')
    expect(await decide('bo', id, { ...yes, form: { amount: 5 } })).toBe('approved')
    expect(await ended(run)).toContain('"amount":5')
  },
  'two at once': async ({ decide }, { run, id }) => {
    const told = await Promise.all(['bo', 'carl', 'mia'].map((name) => decide(name, id, yes)))
    expect(told.sort()).toEqual([decided, decided, 'approved'])
    expect(await ended(run)).toContain('"decision":"approved"')
  },
}

describe.each(depthNames)('in %s', (depth) => {
  test.each(wayNames)('every rule holds by %s, and the run goes on with what was decided', async (way) => {
    await Promise.all(
      Object.values(held).map(async (steps, index) =>
        steps(ways[way], await begin(rules[index] as Rule, depth)),
      ),
    )
  })

  test('a machine never decides, and an address alone does nothing: one has to sign in', async () => {
    const { id } = await begin('four eyes', depth)
    for (const way of ['the API with a key', 'the command line'] as const)
      expect(await ways[way].decide('robot', id, yes)).toBe('SLUSE-APPROVAL-PERSON')
    // What a mail links to, and what could be made of it.
    for (const path of ['decide', 'claim', 'release', 'reassign'])
      expect((await browsers['bo']?.go(`${server.url}/api/v1/approvals/${id}/${path}`))?.status).toBe(405)
    expect((await server.call('GET', `/api/v1/approvals/${id}`)).status).toBe(401)
    expect((await server.call('POST', `/api/v1/approvals/${id}/decide`, { json: yes })).status).toBe(401)
    const { json } = await server.call('GET', `/api/v1/approvals/${id}`, { headers: keys['bo'] ?? {} })
    expect(json).toMatchObject({ status: 'open', votes: [], mayDecide: true })
  })
})

test('at every depth a deadline in working days reminds, escalates, and in the end says no, by every way', async () => {
  const cases = await Promise.all(
    depthNames.flatMap((depth) =>
      wayNames.map(async (way) => ({ way, ...(await begin('a deadline', depth)) })),
    ),
  )
  const happened = async () => {
    const rows = await server.app.database.query<{ kinds: string }>(
      `SELECT DISTINCT group_concat(kind, ' ') AS kinds FROM
         (SELECT approval, kind FROM approval_events WHERE kind <> 'voted' ORDER BY number)
       WHERE approval IN (${cases.map(() => '?').join(', ')}) GROUP BY approval`,
      cases.map(({ id }) => id),
    )
    return rows.map(({ kinds }) => kinds)
  }
  const all = async (who: string) =>
    Promise.all(cases.map(async ({ way, id }) => ways[way].decide(who, id, yes)))
  const patience = { timeout: 20_000 }
  // Two working days from Monday before Easter: the end of Wednesday; a day before that: the end of Tuesday.
  clock.moveTo('2026-03-31T22:00:01Z')
  await signIn()
  await expect.poll(happened, patience).toEqual(['opened reminded'])
  expect(new Set(await all('kim'))).toEqual(new Set([notAsked]))
  clock.moveTo('2026-04-01T21:59:59Z')
  expect(await happened()).toEqual(['opened reminded'])
  clock.moveTo('2026-04-01T22:00:01Z')
  await expect.poll(happened, patience).toEqual(['opened reminded escalated'])
  // The next working day after Maundy Thursday, Good Friday, Easter and Easter Monday is Tuesday.
  clock.moveTo('2026-04-07T21:59:59Z')
  await signIn()
  expect(await happened()).toEqual(['opened reminded escalated'])
  const [first, ...others] = cases
  expect(await ways[first!.way].decide('kim', first!.id, yes)).toBe('approved')
  cases.splice(0, cases.length, ...others)
  clock.moveTo('2026-04-07T22:00:01Z')
  await expect.poll(happened, patience).toEqual(['opened reminded escalated expired'])
  await signIn()
  expect(new Set(await all('bo'))).toEqual(new Set([decided]))
  expect(new Set(await all('kim'))).toEqual(new Set([decided]))
  for (const { run } of cases) expect(await ended(run)).toMatch(/"decision":"rejected".*"reason":"expired"/)
}, 60_000)
