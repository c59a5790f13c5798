import { afterAll, beforeAll, expect, test } from 'vitest'
import { overDatabases, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { databaseStore } from './database-store.ts'
import type { SharedStore } from './store.ts'

overDatabases((kind) => {
  let place: TestDatabase
  let store: SharedStore
  beforeAll(async () => {
    place = await testDatabase(kind)
    store = databaseStore(await place.open())
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
    await store.join('short', 1)
    await store.join('long', 60_000)
    await expect.poll(async () => [...(await store.read('app:c')).alive]).toEqual(['long'])
    expect(await store.renew('short', 60_000, '[]')).toBe(false)
    expect(await store.renew('long', 60_000, '[1]')).toBe(true)
    expect((await store.read('app:c')).alive).toEqual(new Set(['long']))
  })

  test('reports are those of the others, until they leave', async () => {
    await store.join('one', 60_000)
    await store.renew('one', 60_000, '["told"]')
    expect(await store.reports('long')).toEqual(['["told"]'])
    await store.leave('one')
    expect(await store.reports('long')).toEqual([])
  })
})
