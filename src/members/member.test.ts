import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../database/testing/databases.ts'
import { databaseMembers } from './database-members.ts'
import { Member, type MemberOptions } from './member.ts'

overDatabases((kind) => {
  let records: TestDatabase
  let database: Database
  const joined: Member[] = []
  beforeEach(async () => {
    records = await testDatabase(kind)
    database = await records.open()
  })
  afterEach(async () => {
    for (const each of joined.splice(0)) await each.leave()
    await records.remove()
  })

  const join = async (name: string, options: Partial<MemberOptions> = {}) => {
    const store = databaseMembers(database)
    const member = await Member.join({ store, role: 'worker', version: '1', name, ...options })
    joined.push(member)
    return member
  }
  const rows = () => database.query<{ name: string; life: string | null }>('SELECT name, life FROM processes')
  /** Who lives, as one sees it, once that is as expected. */
  const sees = (member: Member, names: readonly string[]) =>
    expect.poll(async () => (await member.living()).map(({ name }) => name)).toEqual(names)
  const passes = (member: Member, ms: number) => {
    const sql = 'UPDATE processes SET seen_at = seen_at - ?, until = until - ? WHERE id = ?'
    return database.commit([{ sql, parameters: [ms, ms, member.identity.id] }])
  }

  test('each knows who lives and what they can do, until they leave', async () => {
    const [one, other] = [await join('a'), await join('b')]
    await sees(one, ['a', 'b'])
    await other.can({ takesTransfers: true })
    await other.can({ carriesOut: { build: '1+a', taskQueue: 'q' } })
    const known = async () => (await one.living())[1]?.abilities
    await expect.poll(known).toEqual({ takesTransfers: true, carriesOut: { build: '1+a', taskQueue: 'q' } })
    await other.can({ carriesOut: undefined })
    await expect.poll(known).toEqual({ takesTransfers: true })
    await other.leave()
    await sees(one, ['a'])
    expect(await rows()).toHaveLength(1)
  })

  test('one that is killed lives no more after a while, is remembered for a day, and then forgotten', async () => {
    const [one, dies] = [await join('a'), await join('b')]
    await sees(one, ['a', 'b'])
    dies.abandon()
    await passes(dies, 10_000)
    await sees(one, ['a'])
    const known = (await one.all()).map(({ name, lives }) => ({ name, lives }))
    expect(known).toHaveLength(2)
    expect(known).toContainEqual({ name: 'b', lives: false })
    await passes(dies, 86_400_000)
    expect(await one.all()).toHaveLength(1)
    await join('c')
    expect((await rows()).map(({ name }) => name).sort()).toEqual(['a', 'c'])
  })

  test('what it tells of itself goes with each sign of life, and is read while it lives', async () => {
    const [one, other] = [await join('a'), await join('b', { presentMs: 1000 })]
    let count = 0
    other.report('counts', () => ++count)
    await expect.poll(async () => (await one.reports('counts'))[0]).toBeGreaterThan(2)
    expect(await one.reports('else')).toEqual([])
    other.abandon()
    await expect.poll(() => one.reports('counts')).toEqual([])
  })

  test('signs of life wake nobody; joining, leaving and what one can do, do', async () => {
    const quiet: boolean[] = []
    const listened: Database = {
      ...database,
      commit(statements, how) {
        quiet.push(how?.quiet ?? false)
        return database.commit(statements, how)
      },
    }
    const member = await join('a', { presentMs: 3000, store: databaseMembers(listened) })
    expect(quiet.splice(0)).toEqual([false])
    await expect.poll(() => quiet.length).toBeGreaterThan(0)
    await member.can({ takesTransfers: true })
    await member.leave()
    expect(quiet.filter((each) => !each)).toHaveLength(2)
    expect(quiet[0]).toBe(true)
  })

  test('one that stood still for too long has lost what was its own, and comes back as another', async () => {
    let stoodStill = 0
    const stopwatch = () => () => stoodStill
    const member = await join('a', { presentMs: 2000, stopwatch })
    const { life, lost } = member
    const heard: string[] = []
    member.follow({ lost: () => heard.push('lost'), joined: () => heard.push('joined') })
    expect([member.certain, member.heard]).toEqual([true, true])
    stoodStill = 2000
    expect([member.certain, member.heard]).toEqual([false, false])
    await expect.poll(() => lost.aborted).toBe(true)
    stoodStill = 0
    await expect.poll(() => heard).toContain('joined')
    expect([heard[0], member.certain]).toEqual(['lost', true])
    expect(member.life).not.toBe(life)
    // It is still one process, and what it once was can say nothing any more.
    expect(await rows()).toEqual([{ name: 'a', life: member.life }])
    const said = { abilities: {}, report: {} }
    expect(await databaseMembers(database).renew(life, said, 60_000, false)).toBe(false)
  })
})
