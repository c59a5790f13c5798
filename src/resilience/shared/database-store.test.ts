import { afterAll, beforeAll, expect, test } from 'vitest'
import { overDatabases, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { databaseMembers, type MemberStore } from '../../members/index.ts'
import { databaseStore } from './database-store.ts'
import type { SharedStore } from './store.ts'

overDatabases((kind) => {
  let place: TestDatabase
  let store: SharedStore
  let members: MemberStore
  beforeAll(async () => {
    place = await testDatabase(kind)
    const database = await place.open()
    store = databaseStore(database)
    members = databaseMembers(database)
  })
  afterAll(() => place.remove())

  const document = (key: string, version: number) => ({
    key,
    version,
    state: `{"shares":{},"is":${version}}`,
  })

  test('of two who change the same document, one does', async () => {
    const { stored, now } = await store.read('app:a')
    expect(stored).toBeUndefined()
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000)
    expect(await store.write(undefined, document('app:a', 5))).toBe(true)
    expect(await store.write(undefined, document('app:a', 6))).toBe(false)
    const before = document('app:a', 5)
    expect(await store.write(before, document('app:a', 7))).toBe(true)
    expect(await store.write(before, document('app:a', 8))).toBe(false)
    expect((await store.read('app:a')).stored).toEqual(document('app:a', 7))
  })

  test('a look finds what has changed since, and the time where nothing has', async () => {
    await store.write(undefined, document('app:b', 1000))
    const found = async (after: number) => (await store.look(after)).states.map(({ key }) => key)
    expect(await found(999)).toEqual(['app:b'])
    expect(await found(1000)).toEqual([])
    expect((await store.look(1000)).now).toBeGreaterThan(1000)
  })

  test('who is not renewed in time is dead, and cannot come back', async () => {
    const said = { abilities: {}, report: {} }
    const place = { name: 'host:1', host: 'host', pid: 1, role: 'worker', version: '1', startedAt: 1 }
    await members.join({ id: 'one', ...place }, 'short', said, 1)
    await members.join({ id: 'two', ...place }, 'long', said, 60_000)
    await expect.poll(async () => [...(await store.read('app:c')).alive]).toEqual(['long'])
    expect(await members.renew('short', said, 60_000, false)).toBe(false)
    expect(await members.renew('long', said, 60_000, false)).toBe(true)
    expect((await store.read('app:c')).alive).toEqual(new Set(['long']))
  })

  test('what nobody has changed for a month is forgotten, but not what somebody has', async () => {
    const free = { version: 1, state: '{"shares":{}}' }
    await store.write(undefined, { key: 'app:old', ...free })
    await store.write(undefined, { key: 'app:had', ...free, state: '{"shares":{"long":{}}}' })
    await store.tidy()
    expect((await store.read('app:old')).stored).toBeUndefined()
    expect((await store.read('app:had')).stored).toBeDefined()
  })
})
