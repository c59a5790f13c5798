import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { buildsPresent, forgetAbsent, Presence } from './presence.ts'

overDatabases((kind) => {
  let records: TestDatabase
  let database: Database
  beforeEach(async () => {
    records = await testDatabase(kind)
    database = await records.open()
  })
  afterEach(() => records.remove())

  test('a build has workers until the last of them closes, or was silent for too long', async () => {
    const [one, other, newer] = ['1.0.0+a', '1.0.0+a', '1.1.0+b'].map(
      (build) => new Presence(database, build),
    )
    await Promise.all([one?.open(), other?.open(), newer?.open()])
    expect([...(await buildsPresent(database))]).toEqual(['1.0.0+a', '1.1.0+b'])
    await one?.close()
    expect([...(await buildsPresent(database))]).toEqual(['1.0.0+a', '1.1.0+b'])
    await other?.close()
    expect([...(await buildsPresent(database))]).toEqual(['1.1.0+b'])
    // As after `kill -9`: the row is there, and nobody renews it.
    await database.commit([{ sql: 'UPDATE leases SET until = 0' }])
    expect([...(await buildsPresent(database))]).toEqual([])
    await forgetAbsent(database)
    expect(await database.query('SELECT name FROM leases')).toEqual([])
    await newer?.close()
  })
})
