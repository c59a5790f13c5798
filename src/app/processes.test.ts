import { afterEach, expect, test } from 'vitest'
import type { Database } from '../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../database/testing/databases.ts'
import type { EngineHealth } from '../engines/index.ts'
import { databaseMembers, Member } from '../members/index.ts'
import { configurationsDiffer, openProcesses, type Processes, type ProcessInfo } from './processes.ts'

overDatabases((kind) => {
  let store: TestDatabase
  let database: Database
  const opened: Member[] = []
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.leave()
    await store.remove()
  })

  const open = async (
    role: 'api' | 'worker',
    health: Partial<EngineHealth> = {},
    configuration?: () => string | undefined,
  ) => {
    const member = await Member.join({ store: databaseMembers(database), role, version: '1' })
    opened.push(member)
    return {
      member,
      processes: openProcesses({
        ...{ member, role, now: Date.now, health: () => of(role, health) },
        ...(configuration && { configuration }),
      }),
    }
  }
  const of = (role: 'api' | 'worker', health: Partial<EngineHealth>): EngineHealth => ({
    ...{ writable: true, liveRuns: 0, activitiesRunning: 0, activitiesWaiting: 0, stuckRuns: 0 },
    ...{ worker: role === 'api' ? 'none' : 'running', leads: false, ...health },
  })

  async function seen(by: Processes, holds: (all: readonly ProcessInfo[]) => boolean) {
    for (;;) {
      const all = await by.list()
      if (holds(all)) return all
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  test('those that have read other files than others are told apart, and those that have read none yet are not', async () => {
    store = await testDatabase(kind)
    database = await store.open()
    const read: { is?: string } = {}
    const { processes: api } = await open('api', {}, () => 'one')
    const { processes: worker } = await open('worker', {}, () => read.is)
    expect(configurationsDiffer(await seen(api, (all) => all.length === 2))).toBe(false)
    read.is = 'another'
    worker.stopping()
    const all = await seen(api, (both) => both.some(({ configuration }) => configuration === 'another'))
    expect(configurationsDiffer(all)).toBe(false)
    expect(configurationsDiffer(all.map((each) => ({ ...each, state: 'alive' })))).toBe(true)
  })

  test('each knows of the others, what they do, and when one ends or dies', async () => {
    store = await testDatabase(kind)
    database = await store.open()
    const { processes: api } = await open('api')
    const { member, processes: worker } = await open('worker', { leads: true, liveRuns: 7 })
    const both = await seen(api, (all) => all.some(({ works }) => works))
    expect(both).toHaveLength(2)
    expect(both.find(({ self }) => self)).toMatchObject({ role: 'api', works: false, state: 'alive' })
    const told = { role: 'worker', works: true, leads: true, liveRuns: 7, state: 'alive', self: false }
    expect(both.find(({ self }) => !self)).toMatchObject(told)

    worker.stopping()
    await seen(api, (all) => all.some(({ state }) => state === 'stopping'))
    await member.leave()
    expect(await api.list()).toHaveLength(1)

    const { member: dies } = await open('worker', { leads: true, liveRuns: 3 })
    await seen(api, (all) => all.some(({ leads }) => leads))
    dies.abandon()
    const passes = async (ms: number) => {
      const sql = 'UPDATE processes SET seen_at = seen_at - ?, until = until - ? WHERE id = ?'
      await database.commit([{ sql, parameters: [ms, ms, dies.identity.id] }])
    }
    await passes(10_000)
    const left = await api.list()
    const silent = { id: dies.identity.id, state: 'gone', works: false, leads: false, liveRuns: 0 }
    expect(left.find(({ self }) => !self)).toMatchObject(silent)
    await passes(86_400_000)
    expect(await api.list()).toHaveLength(1)
  })

  test('one that has the installation for itself writes nothing down', async () => {
    store = await testDatabase(kind)
    database = await store.open()
    const health = () => of('api', { worker: 'running', leads: true })
    const alone = openProcesses({ member: undefined, role: 'all', health, now: Date.now })
    expect(await alone.list()).toMatchObject([{ self: true, works: true, leads: true, state: 'alive' }])
    expect(await database.query('SELECT * FROM processes')).toEqual([])
  })
})
