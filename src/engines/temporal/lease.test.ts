import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import type { Records } from '../records/records.ts'
import { GroupCommit } from '../records/group-commit.ts'
import { fenced } from './fenced.ts'
import { Lease } from './lease.ts'

overDatabases((kind) => {
  let records: TestDatabase
  let database: Database
  let first: Lease
  let second: Lease
  beforeEach(async () => {
    records = await testDatabase(kind)
    database = await records.open()
    first = new Lease(database, 'leader')
    second = new Lease(database, 'leader')
  })
  afterEach(() => records.remove())

  const expire = () => database.commit([{ sql: 'UPDATE leases SET until = 0' }])
  const mark = (name: string) => ({
    sql: 'INSERT INTO marks (name, value) VALUES (?, 1)',
    parameters: [name],
  })
  const marks = async () =>
    (await database.query<{ name: string }>('SELECT name FROM marks ORDER BY name')).map(({ name }) => name)

  test('one holds a lease at a time, until it gives it back or is silent for too long', async () => {
    expect(await first.take()).toBe(true)
    expect(await first.take()).toBe(true)
    expect(await second.take()).toBe(false)
    await first.release()
    expect(await second.take()).toBe(true)
    expect(await first.take()).toBe(false)
    await expire()
    expect(await first.take()).toBe(true)
  })

  describe('what one that was silent for too long still writes', () => {
    test('is written as long as nobody has taken the lease', async () => {
      await first.take()
      await expire()
      await database.commit([first.fence, mark('a')])
      expect(await marks()).toEqual(['a'])
    })

    test('is not written beside what the next one does, and holds up nothing else', async () => {
      await first.take()
      await expire()
      await second.take()
      const commits = new GroupCommit(database, { journal: 0, inbox: 0 }, () => {})
      let overtaken = 0
      const guarded = fenced({ commits } as unknown as Records, first.fence, () => overtaken++)
      guarded.commits.add({ statements: [mark('late')] })
      const write = guarded.commits.write({ statements: [mark('late, too')] })
      commits.add({ statements: [mark('of another')] })
      await expect(write).rejects.toThrow('SLUSE-STORE-CHANGED')
      await commits.drained()
      expect(overtaken).toBe(1)
      expect(await marks()).toEqual(['of another'])
    })
  })
})
