import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '../access/index.ts'
import type { Decision } from '../approvals/index.ts'
import { removeOld } from '../approvals/withdraw.ts'
import { openApp, type App } from '../app.ts'
import { readSettings } from '../config/index.ts'
import { ManualClock } from '../engines/testing/manual-clock.ts'
import { asking, person, roleFlags } from './testing/people.ts'

const day = 86_400_000
let folder: string
let clock: ManualClock
let app: App
const settled = { timeout: 20_000 }

const write = (file: string, text: string) => {
  mkdirSync(join(folder, 'pipelines'), { recursive: true })
  writeFileSync(join(folder, 'pipelines', file), text)
}
const open = async () => {
  const { settings } = await readSettings({ environment: {}, flags: { project: folder, ...roleFlags } })
  app = await openApp({ settings, log: () => {}, environment: {}, clock })
  await app.pipelines.reload()
}
const reopen = async () => {
  await app.close()
  await open()
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-approvals-'))
  clock = new ManualClock('2026-03-02T08:00:00Z')
  await open()
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

const people = async (...names: string[]): Promise<Principal[]> => {
  for (const name of names)
    await person(app, name, [/^chief/.test(name) ? 'chiefs' : 'workers'], `${name}@by.dk`)
  return Promise.all(names.map(async (name) => (await app.access.person(name)) as Principal))
}
const start = async (args: object, by = 'starter') => {
  write('ask.yaml', asking('ask', { otherwise: 'continue', ...args }))
  await app.pipelines.reload()
  const { id } = await app.engine.start({
    definition: { namespace: 'test', name: 'ask', version: '1.0.0' },
    by,
  })
  return { run: id, id: await waiting(id) }
}
const rowOf = async (run: string) => {
  const [row] = await app.database.query<{ id: string; status: string }>(
    'SELECT id, status FROM approvals WHERE run = ?',
    [run],
  )
  return row
}
const waiting = async (run: string) => {
  await expect.poll(() => rowOf(run), settled).toBeDefined()
  return (await rowOf(run))?.id ?? ''
}
const decide = async (who: Principal | undefined, id: string, decision: Decision): Promise<string> =>
  app.approvals.decide(id, decision, who as Principal, {}).then(
    ({ status }) => status,
    (error: { code?: string }) => error.code ?? String(error),
  )
const yes: Decision = { decision: 'approved' }
const outcome = async (run: string) => {
  const ended = await app.engine.outcome(run)
  return ended.status === 'completed' ? (ended.output as { [key: string]: unknown }) : ended
}
const kinds = async (id: string) => {
  const rows = await app.database.query<{ kind: string }>(
    'SELECT kind FROM approval_events WHERE approval = ? ORDER BY number',
    [id],
  )
  return rows.map(({ kind }) => kind)
}

describe('a quorum', () => {
  test('takes different people; the last one decides, and all are named', async () => {
    const [anna, bo, chief] = await people('anna', 'bo', 'chief')
    const { run, id } = await start({ quorum: 3 })
    expect(await decide(anna, id, { ...yes, comment: 'ok' })).toBe('open')
    expect(await decide(anna, id, yes)).toBe('SLUSE-APPROVAL-TWICE')
    expect(await decide(bo, id, yes)).toBe('open')
    expect((await app.history.run(run)).status).not.toBe('completed')
    expect(await decide(chief, id, yes)).toBe('approved')
    expect(await outcome(run)).toMatchObject({
      decision: 'approved',
      by: [{ subject: 'anna', comment: 'ok' }, { subject: 'bo' }, { subject: 'chief' }],
    })
  })

  test('is over with one no', async () => {
    const [anna, bo] = await people('anna', 'bo')
    const { run, id } = await start({ quorum: 2 })
    await decide(anna, id, yes)
    expect(await decide(bo, id, { decision: 'rejected', comment: 'Bilag mangler' })).toBe('rejected')
    expect(await outcome(run)).toMatchObject({
      decision: 'rejected',
      comment: 'Bilag mangler',
      by: [{ subject: 'bo' }],
    })
  })
})

describe('a claim', () => {
  test('keeps it for one person, until they release it', async () => {
    const [anna, bo] = await people('anna', 'bo')
    const { id } = await start({})
    await app.approvals.claim(id, anna as Principal, {})
    expect(await decide(bo, id, yes)).toBe('SLUSE-APPROVAL-CLAIMED')
    await expect(app.approvals.claim(id, bo as Principal, {})).rejects.toMatchObject({
      code: 'SLUSE-APPROVAL-CLAIMED',
    })
    await expect(app.approvals.release(id, bo as Principal, {})).rejects.toMatchObject({
      code: 'SLUSE-FORBIDDEN',
    })
    await app.approvals.release(id, anna as Principal, {})
    expect(await decide(bo, id, yes)).toBe('approved')
  })
})

describe('somebody who stands in', () => {
  const delegate = async (from: string, to: string, days = 7, who?: Principal) => {
    const beginsAt = clock.now()
    const given = { from, to, beginsAt, endsAt: beginsAt + days * day, createdBy: from }
    return app.approvals.delegate(given, who ?? ((await app.access.person(from)) as Principal), {})
  }

  test('decides in the stead of who is asked, while they do, and it is said so', async () => {
    const [, bo] = await people('chief', 'bo')
    const { run, id } = await start({ approvers: { users: ['chief@by.dk'] } })
    expect(await decide(bo, id, yes)).toBe('SLUSE-APPROVAL-NOT-ASKED')
    await delegate('chief', 'bo')
    expect(await decide(bo, id, yes)).toBe('approved')
    expect(await outcome(run)).toMatchObject({ by: [{ subject: 'bo', for: 'chief' }] })
    const second = await start({ approvers: { users: ['chief@by.dk'] } })
    clock.advance(8 * day)
    expect(await decide(bo, second.id, yes)).toBe('SLUSE-APPROVAL-NOT-ASKED')
  })

  test('is named by the e-mail address that the provider confirmed, or by nobody', async () => {
    const [, bo] = await people('chief', 'bo')
    const { id } = await start({ approvers: { users: ['chief'] } })
    expect(await delegate('chief', 'Bo@by.dk')).toMatchObject({ to: 'bo' })
    await expect(delegate('chief', 'nobody@by.dk')).rejects.toMatchObject({ code: 'SLUSE-DELEGATION' })
    expect(await decide(bo, id, yes)).toBe('approved')
  })

  test('is no way around four eyes, nor to two voices', async () => {
    const [, bo] = await people('chief', 'bo', 'anna')
    await delegate('chief', 'bo')
    const own = await start({ approvers: { users: ['chief'] } }, 'chief')
    expect(await decide(bo, own.id, yes)).toBe('SLUSE-APPROVAL-NOT-ASKED')
    const two = await start({ approvers: { users: ['chief', 'bo'] }, quorum: 2 })
    expect(await decide(bo, two.id, yes)).toBe('open')
    expect(await decide(bo, two.id, yes)).toBe('SLUSE-APPROVAL-TWICE')
    const chief = (await app.access.person('chief')) as Principal
    expect(await decide(chief, two.id, yes)).toBe('approved')
  })

  test('does not add a second voice for the same person', async () => {
    const [, bo] = await people('chief', 'bo')
    await delegate('chief', 'bo')
    const { id } = await start({ approvers: { users: ['chief'] }, quorum: 2 })
    expect(await decide(bo, id, yes)).toBe('open')
    const chief = (await app.access.person('chief')) as Principal
    expect(await decide(chief, id, yes)).toBe('SLUSE-APPROVAL-TWICE')
  })

  test('is named by oneself, or by who manages approvals, and for no longer than a year', async () => {
    const [anna] = await people('anna', 'bo')
    await expect(delegate('bo', 'anna', 7, anna)).rejects.toMatchObject({ code: 'SLUSE-FORBIDDEN' })
    await expect(delegate('anna', 'anna')).rejects.toMatchObject({ code: 'SLUSE-DELEGATION' })
    await expect(delegate('anna', 'bo', 400)).rejects.toMatchObject({ code: 'SLUSE-DELEGATION' })
    const { id } = await delegate('anna', 'bo')
    await app.approvals.endDelegation(id, anna as Principal, {})
    expect(await app.approvals.delegations(anna as Principal)).toEqual([])
  })
})

test('reassigned, it is others who are asked; four eyes and roles hold for them, too', async () => {
  const [anna, chief, starter] = await people('anna', 'chief', 'starter')
  const { id } = await start({ approvers: { groups: ['chiefs'] } })
  const to = { users: ['anna', 'starter'], groups: [], roles: [] }
  await expect(app.approvals.reassign(id, to, '', anna as Principal, {})).rejects.toMatchObject({
    code: 'SLUSE-APPROVAL-NOT-ASKED',
  })
  await app.approvals.reassign(id, to, 'Ferie', chief as Principal, {})
  expect(await decide(chief, id, yes)).toBe('SLUSE-APPROVAL-NOT-ASKED')
  expect(await decide(starter, id, yes)).toBe('SLUSE-APPROVAL-FOUR-EYES')
  expect(await decide(anna, id, yes)).toBe('approved')
})

test('what is refused stands in the audit log: who tried what, where, and why not', async () => {
  const [anna, bo, chief] = (await people('anna', 'bo', 'chief')) as [Principal, Principal, Principal]
  const elsewhere: Principal = { ...bo, grants: [{ role: 'approver', namespaces: ['other'] }] }
  const { run, id } = await start({ approvers: { groups: ['workers'] } })
  const beginsAt = clock.now()
  const absence = { from: 'bo', to: 'anna', beginsAt, endsAt: beginsAt + day, createdBy: 'bo' }
  const { id: away } = await app.approvals.delegate(absence, bo, {})
  const to = { users: ['chief'], groups: [], roles: [] }
  await app.approvals.claim(id, anna, {})
  const attempts: (readonly [code: string, attempt: () => Promise<unknown>])[] = [
    ['SLUSE-FORBIDDEN', () => app.approvals.decide(id, { decision: 'approved' }, elsewhere, {})],
    ['SLUSE-FORBIDDEN', () => app.approvals.reassign(id, to, '', elsewhere, {})],
    ['SLUSE-FORBIDDEN', () => app.approvals.release(id, bo, {})],
    ['SLUSE-APPROVAL-NOT-ASKED', () => app.approvals.reassign(id, to, '', chief, {})],
    ['SLUSE-FORBIDDEN', () => app.approvals.delegate({ ...absence, namespace: 'test' }, anna, {})],
    ['SLUSE-DELEGATION-NOT-FOUND', () => app.approvals.endDelegation(away, chief, {})],
  ]
  for (const [code, attempt] of attempts) await expect(attempt()).rejects.toMatchObject({ code })
  // A mistake is no attempt at what one may not do; and of what is not there, there is nothing to tell.
  await expect(app.approvals.delegate({ ...absence, to: 'bo' }, bo, {})).rejects.toMatchObject({
    code: 'SLUSE-DELEGATION',
  })
  await expect(app.approvals.endDelegation('none', bo, {})).rejects.toMatchObject({
    code: 'SLUSE-DELEGATION-NOT-FOUND',
  })
  const { entries } = await app.audit.list()
  const told = entries.filter(({ outcome }) => outcome === 'refused').reverse()
  const tried = (subject: string, action: string, resource: string, code: string) => ({
    who: { subject },
    action,
    resource,
    details: { code },
  })
  const here = { namespace: 'test', details: { run } }
  expect(told).toMatchObject([
    tried('bo', 'approvals.decide', `approval/${id}`, 'SLUSE-FORBIDDEN'),
    tried('bo', 'approvals.decide', `approval/${id}`, 'SLUSE-FORBIDDEN'),
    tried('bo', 'approvals.manage', `approval/${id}`, 'SLUSE-FORBIDDEN'),
    tried('chief', 'approvals.decide', `approval/${id}`, 'SLUSE-APPROVAL-NOT-ASKED'),
    tried('anna', 'approvals.manage', 'delegation', 'SLUSE-FORBIDDEN'),
    tried('chief', 'approvals.manage', `delegation/${away}`, 'SLUSE-DELEGATION-NOT-FOUND'),
  ])
  expect(told.slice(0, 4)).toMatchObject([here, here, here, here])
})

test('whoever may not see it is not told who decided, either', async () => {
  const [anna, bo] = (await people('anna', 'bo')) as [Principal, Principal]
  const { id } = await start({})
  await decide(anna, id, yes)
  const elsewhere: Principal = { ...bo, grants: [{ role: 'approver', namespaces: ['other'] }] }
  for (const attempt of [
    () => app.approvals.decide(id, yes, elsewhere, {}),
    () => app.approvals.claim(id, elsewhere, {}),
    () => app.approvals.release(id, elsewhere, {}),
    () => app.approvals.reassign(id, { users: ['bo'], groups: [], roles: [] }, '', elsewhere, {}),
  ]) {
    const refused = await attempt().then(String, (error: Error) => error.message)
    expect(refused).toContain('SLUSE-FORBIDDEN')
    expect(refused).not.toMatch(/anna|approved/i)
  }
})

test('what retention removes takes its notices along: in them are titles and addresses', async () => {
  await people('anna')
  const kept = await start({ deadline: { after: 'PT1H' } })
  const { run, id } = await start({ deadline: { after: 'PT1H' } })
  clock.advance(2 * 3_600_000)
  await app.engine.outcome(run)
  await app.engine.outcome(kept.run)
  const notice = (of: string) => ({
    sql: `INSERT INTO notifications (id, channel, recipient, content, created_at, attempts)
      VALUES (?, 'email', 'anna@by.dk', '{}', 0, 1)`,
    parameters: [`${of}/asked/0/anna`],
  })
  await app.database.commit([
    notice(id),
    notice(kept.id),
    { sql: 'DELETE FROM runs WHERE id = ?', parameters: [run] },
  ])
  await removeOld(app.database)
  const left = await app.database.query<{ id: string }>('SELECT id FROM notifications')
  expect(left.map((row) => row.id)).toEqual([`${kept.id}/asked/0/anna`])
  expect(await rowOf(run)).toBeUndefined()
  expect(await rowOf(kept.run)).toBeDefined()
})

describe('a deadline', () => {
  test('that passes reminds, escalates, and in the end rejects: it never approves', async () => {
    const [anna] = await people('anna', 'chief')
    const { run, id } = await start({
      approvers: { groups: ['workers'] },
      deadline: { workingDays: 2 },
      reminders: [{ workingDaysBefore: 1 }],
      escalation: [{ to: { groups: ['chiefs'] }, deadline: { after: 'P1D' } }],
    })
    // Monday; the deadline is the end of Wednesday, in Copenhagen.
    clock.moveTo('2026-03-03T23:30:00Z')
    await expect.poll(() => kinds(id), settled).toEqual(['opened', 'reminded'])
    clock.moveTo('2026-03-04T22:59:59Z')
    const chief = (await app.access.person('chief')) as Principal
    expect(await decide(chief, id, yes)).toBe('SLUSE-APPROVAL-NOT-ASKED')
    clock.moveTo('2026-03-04T23:00:01Z')
    await expect.poll(() => kinds(id), settled).toEqual(['opened', 'reminded', 'escalated'])
    clock.advance(day + 1000)
    await expect.poll(() => kinds(id), settled).toEqual(['opened', 'reminded', 'escalated', 'expired'])
    expect(await outcome(run)).toMatchObject({ decision: 'rejected', reason: 'expired', by: [] })
    expect(await decide(anna, id, yes)).toBe('SLUSE-APPROVAL-DECIDED')
    expect(await decide(chief, id, yes)).toBe('SLUSE-APPROVAL-DECIDED')
  })

  test('that passed while nothing ran counts when something runs again', async () => {
    await people('anna')
    const { run, id } = await start({ deadline: { after: 'PT1H' } })
    await app.close()
    clock.advance(2 * 3_600_000)
    await open()
    expect(await outcome(run)).toMatchObject({ decision: 'rejected', reason: 'expired' })
    expect(await kinds(id)).toEqual(['opened', 'expired'])
  })

  test('is not missed by a decision that comes after it, even before anybody has noticed', async () => {
    const [anna] = await people('anna')
    const { run, id } = await start({ deadline: { after: 'PT1H' } })
    // The time alone goes on: nobody is woken by it.
    const before = clock.now.bind(clock)
    clock.now = () => before() + 2 * 3_600_000
    expect(await decide(anna, id, yes)).toBe('SLUSE-APPROVAL-DECIDED')
    expect(await outcome(run)).toMatchObject({ decision: 'rejected', reason: 'expired' })
  })

  test('without a pipeline that says what then, a no ends the run with a fault: nothing after it is delivered', async () => {
    await people('anna')
    const { run } = await start({ deadline: { after: 'PT1H' }, otherwise: 'fault' })
    clock.advance(2 * 3_600_000)
    expect(await app.engine.outcome(run)).toMatchObject({
      status: 'faulted',
      error: {
        type: 'https://sluse.dk/errors/not-approved',
        status: 403,
        instance: '/do/0/decide',
        decision: 'rejected',
      },
    })
  })
})

test('ninety days, restarts and a new version of the pipeline later it still works as it was asked', async () => {
  await people('anna')
  const { run, id } = await start({ title: 'Som det var' })
  for (let month = 1; month <= 3; month++) {
    clock.advance(30 * day)
    write(
      'ask.yaml',
      `document: { dsl: '1.0.3', namespace: test, name: ask, version: '2.${month}.0' }\ndo:\n  - other: { set: { x: ${month} } }\n`,
    )
    await reopen()
    expect((await rowOf(run))?.status).toBe('open')
  }
  const [anna] = await people('anna')
  expect(app.pipelines.find('test', 'ask').reference.version).toBe('2.3.0')
  expect(await decide(anna, id, { ...yes, comment: 'endelig' })).toBe('approved')
  expect(await outcome(run)).toMatchObject({
    decision: 'approved',
    comment: 'endelig',
    at: new Date(clock.now()).toISOString(),
  })
})

describe('what nobody waits for any more is withdrawn:', () => {
  const status = async (run: string) => (await rowOf(run))?.status

  test('a run that was cancelled', async () => {
    const [anna] = await people('anna')
    const { run, id } = await start({})
    await app.engine.cancel(run)
    expect(await decide(anna, id, yes)).toBe('SLUSE-APPROVAL-DECIDED')
    await expect.poll(() => status(run), settled).toBe('withdrawn')
  })

  test('a task whose own time is up', async () => {
    write(
      'ask.yaml',
      `document: { dsl: '1.0.3', namespace: test, name: ask, version: '1.0.0' }
do:
  - attempt:
      try:
        - decide: { call: 'approve:1.0.0@default', with: { title: x }, timeout: { after: PT1H } }
      catch: { do: [ { go: { listen: { to: { one: { with: { type: go.on } } } } } } ] }
`,
    )
    await app.pipelines.reload()
    const { id: run } = await app.engine.start({
      definition: { namespace: 'test', name: 'ask', version: '1.0.0' },
    })
    await waiting(run)
    clock.advance(2 * 3_600_000)
    await expect.poll(() => status(run), settled).toBe('withdrawn')
    expect((await app.history.run(run)).status).not.toBe('completed')
  })
})

test('a secret that a pipeline shows by mistake is kept nowhere', async () => {
  await app.close()
  write(
    'ask.yaml',
    `document: { dsl: '1.0.3', namespace: test, name: ask, version: '1.0.0' }
use: { secrets: [token] }
do:
  - decide: { call: 'approve:1.0.0@default', with: { title: '\${ "x " + $secrets.token }', show: [ { document: '\${ { a: $secrets.token } }' } ] } }
`,
  )
  const { settings } = await readSettings({ environment: {}, flags: { project: folder, ...roleFlags } })
  app = await openApp({
    settings,
    log: () => {},
    environment: { SLUSE_SECRET_token: 'meget-hemmelig' },
    clock,
  })
  await app.pipelines.reload()
  const { id } = await app.engine.start({ definition: { namespace: 'test', name: 'ask', version: '1.0.0' } })
  await waiting(id)
  const rows = await app.database.query('SELECT * FROM approvals')
  expect(JSON.stringify(rows)).toContain('x ***')
  expect(JSON.stringify(rows)).not.toContain('meget-hemmelig')
})

test('what cannot be asked is a fault that says what is wrong', async () => {
  const wrong = [
    ['quorum', { quorum: '${ "many" }' }],
    ['deadline.at', { deadline: { at: '${ "soon" }' } }],
    ['approvers', { approvers: { groups: '${ [] }' } }],
    ['calendar', { calendar: { timezone: 'Andeby' }, deadline: { workingDays: 1 } }],
  ] as const
  for (const [place, args] of wrong) {
    write('bad.yaml', asking('bad', args))
    await app.pipelines.reload()
    const { id } = await app.engine.start({
      definition: { namespace: 'test', name: 'bad', version: '1.0.0' },
    })
    const ended = await app.engine.outcome(id)
    expect(ended, place).toMatchObject({ status: 'faulted', error: { status: 400 } })
    if (place !== 'calendar') expect(JSON.stringify(ended)).toContain(`approve: ${place}`)
  }
})

test('a thousand approvals, each decided by three people at once: exactly once, the others are told', async () => {
  const racers = await people('anna', 'bo', 'chief')
  const many = 1000
  write('ask.yaml', asking('ask', { otherwise: 'continue' }))
  await app.pipelines.reload()
  const runs = await Promise.all(
    Array.from({ length: many }, async () =>
      app.engine.start({ definition: { namespace: 'test', name: 'ask', version: '1.0.0' }, by: 'x' }),
    ),
  )
  const open = async () =>
    (await app.database.query<{ n: number }>("SELECT count(*) AS n FROM approvals WHERE status = 'open'"))[0]
      ?.n
  await expect.poll(open, { timeout: 60_000, interval: 200 }).toBe(many)
  const ids = (await app.database.query<{ id: string }>('SELECT id FROM approvals')).map(({ id }) => id)

  const answers = await Promise.all(
    ids.flatMap((id, index) =>
      racers.map((_, turn) => {
        const who = racers[(turn + index) % racers.length] as Principal
        const no: Decision = { decision: 'rejected', comment: who.subject }
        return decide(who, id, (index + turn) % 2 === 0 ? { ...yes, comment: who.subject } : no).then(
          (status) => ({ id, who, status }),
        )
      }),
    ),
  )
  const won = answers.filter(({ status }) => status === 'approved' || status === 'rejected')
  expect(won).toHaveLength(many)
  expect(new Set(won.map(({ id }) => id)).size).toBe(many)
  expect(answers.filter(({ status }) => status === 'SLUSE-APPROVAL-DECIDED')).toHaveLength(2 * many)

  const winners = new Map(won.map(({ id, who, status }) => [id, `${status} ${who.subject}`]))
  for (const { id: run } of runs) {
    const { approval, decision, by } = (await outcome(run)) as {
      approval: string
      decision: string
      by: { subject: string }[]
    }
    expect(`${decision} ${by[0]?.subject}`).toBe(winners.get(approval))
  }
  const done = await app.database.query<{ n: number }>(
    "SELECT count(*) AS n FROM audit WHERE action = 'approvals.decide' AND outcome = 'done'",
  )
  expect(done[0]?.n).toBe(many)
}, 180_000)

test('who is asked is in the database what a decision says: the approval of another run is not touched', async () => {
  const [anna] = await people('anna')
  const one = await start({})
  const { id: other } = await app.engine.start({
    definition: { namespace: 'test', name: 'ask', version: '1.0.0' },
    by: 'x',
  })
  await waiting(other)
  await decide(anna, one.id, yes)
  await outcome(one.run)
  const found = (await app.approvals.get((await rowOf(other))?.id ?? '', anna as Principal)).approval
  expect(found.status).toBe('open')
  expect((await app.history.run(other)).status).not.toBe('completed')
})
