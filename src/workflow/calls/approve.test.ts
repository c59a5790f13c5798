import { expect, test } from 'vitest'
import { load } from '../definition/index.ts'
import type { Json } from '../json.ts'
import type { Asked } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow } from '../testing/run-workflow.ts'

const call = (more: object = {}) => [
  { decide: { call: 'approve:1.0.0@default', with: { title: '${ .what }', ...more } } },
]
const woken = (id: string, subject = 'a1') => ({
  specversion: '1.0' as const,
  id,
  source: '/approvals',
  type: 'dk.sluse.approval.decided.v1',
  subject,
})
/** The approval is decided when it is looked at for the n-th time. */
const decidedAt = (look: number, decision: Json) => ({
  approval: (_input: Json, { count }: Asked) => (count < look ? { approval: 'a1' } : decision),
})
const yes = { approval: 'a1', decision: 'approved', comment: 'fine' }

test('an approval is opened with its expressions evaluated, under the key of its task', async () => {
  const { context, ended } = await runWorkflow(call(), {
    input: { what: 'Pay' },
    activities: decidedAt(1, yes),
  })
  expect(ended).toEqual({ status: 'waiting' })
  expect(context.asked.get('/do/0/decide')).toEqual({
    kind: 'approval',
    input: { title: 'Pay', task: '/do/0/decide' },
  })
})

test('a decision that is there is the output', async () => {
  expect(await outputOf(call(), { input: { what: 'Pay' }, activities: decidedAt(0, yes) })).toEqual(yes)
})

test('an event wakes, but decides nothing', async () => {
  const events = [woken('1'), woken('2', 'another'), woken('3')]
  const given = { input: { what: 'Pay' }, activities: decidedAt(2, yes) }
  const early = await runWorkflow(call(), { ...given, events: events.slice(0, 2) })
  expect(early.ended).toEqual({ status: 'waiting' })
  const { ended, context, replay } = await runWorkflow(call(), { ...given, events })
  expect(ended).toEqual({ status: 'completed', output: yes })
  expect(context.carriedOut).toContain('/do/0/decide/look[2]')
  expect((await replay()).ended).toEqual(ended)
})

test('anything but a yes ends the task with a fault, unless the author says that it goes on', async () => {
  for (const decision of ['rejected', 'changes-requested']) {
    const given = { input: { what: 'Pay' }, activities: decidedAt(0, { ...yes, decision }) }
    expect(await errorOf(call(), given)).toMatchObject({
      type: 'https://sluse.dk/errors/not-approved',
      status: 403,
      instance: '/do/0/decide',
      decision,
    })
    expect(await outputOf(call({ otherwise: 'continue' }), given)).toMatchObject({ decision })
  }
})

const head = `document: { dsl: '1.0.3', namespace: t, name: t, version: '1.0.0' }\ndo:\n  - a:\n      call: `
const findings = (rest: string) =>
  load(`${head}${rest}`, { functions: [] }).findings.map(({ code, pointer }) => [code, pointer])

test('what it is given is checked before anything runs', () => {
  expect(
    findings('approve:1.0.0@default\n      with: { title: Pay, deadline: { workingDays: 5 } }\n'),
  ).toEqual([])
  expect(findings('approve:1.0.0@default\n      with: { title: Pay, approver: anybody }\n')).toEqual([
    ['SLUSE-DEFINITION-UNKNOWN-KEY', '/do/0/a/with/approver'],
  ])
  expect(findings('approve:1.0.0@default\n      with: { title: Pay, quorum: 0 }\n')).toEqual([
    ['SLUSE-DEFINITION-TYPE', '/do/0/a/with/quorum'],
  ])
  const { findings: found } = load(`${head}approve:2.0.0@default\n`, { functions: [] })
  expect(found[0]).toMatchObject({ code: 'SLUSE-DEFINITION-CALL', todo: 'There is `approve:1.0.0`.' })
})
