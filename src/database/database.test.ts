import { afterEach, beforeEach, expect, it } from 'vitest'
import { insertRows, type Database } from './index.ts'
import { ask, overDatabases, testDatabase, type TestDatabase } from './testing/databases.ts'

const mark = (name: string, value: number) => ({
  sql: 'INSERT INTO marks (name, value) VALUES (?, ?)',
  parameters: [name, value],
})
/** What PostgreSQL says when its disk is full, where it would have to write much. */
const fullWhenLong = `
  CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
  CREATE TRIGGER full_disk BEFORE INSERT ON journal FOR EACH ROW WHEN (length(new.data) > 400000)
    EXECUTE FUNCTION full_disk()`

const marks = (database: Database) => database.query('SELECT name, value FROM marks ORDER BY value')

overDatabases((kind) => {
  let test: TestDatabase
  const opened = () => test.open()

  beforeEach(async () => {
    test = await testDatabase(kind)
  })
  afterEach(() => test.remove())

  it('writes all of a transaction or nothing', async () => {
    const database = await opened()
    const broken = database.commit([mark('a', 1), mark('a', 2)])
    await expect(broken).rejects.toMatchObject({ code: 'SLUSE-STORE' })
    expect(await marks(database)).toEqual([])
  })

  it('commits in the order of the calls', async () => {
    const database = await opened()
    await Promise.all([
      database.commit([mark('a', 1)]),
      database.commit([{ sql: 'UPDATE marks SET value = value * 10' }]),
      database.commit([{ sql: 'UPDATE marks SET value = value + 1' }]),
    ])
    expect(await marks(database)).toEqual([{ name: 'a', value: 11 }])
  })

  it('keeps what was committed', async () => {
    const first = await opened()
    await first.commit([mark('a', 1)])
    await first.close()
    expect(await marks(await opened())).toEqual([{ name: 'a', value: 1 }])
  })

  it('tells of each commit but of quiet ones', async () => {
    const database = await opened()
    let told = 0
    const stop = database.onCommit(() => told++)
    await database.commit([mark('quiet', 1)], { quiet: true })
    expect(told).toBe(0)
    await database.commit([mark('a', 1)])
    await expect.poll(() => told).toBeGreaterThan(0)
    stop()
    const before = told
    await database.commit([mark('b', 2)])
    expect(told).toBe(before)
  })

  it('is not opened twice', async () => {
    const first = await opened()
    await expect(opened()).rejects.toMatchObject({ code: 'SLUSE-STORE-LOCKED' })
    await first.close()
    await expect(opened()).resolves.toBeDefined()
  })

  it('refuses what a newer version wrote', async () => {
    const database = await opened()
    await database.commit([{ sql: 'INSERT INTO migrations (number) VALUES (9999)' }])
    await database.close()
    await expect(opened()).rejects.toMatchObject({ code: 'SLUSE-STORE-NEWER' })
  })

  it('says when it is full, and goes on when there is room again', async () => {
    const database = await test.open({ maxBytes: 800_000 })
    if (test.options.url !== undefined) await ask(test.options.url, fullWhenLong)
    const fill = { sql: 'INSERT INTO journal (run, data) VALUES (1, ?)', parameters: ['x'.repeat(1_000_000)] }
    await expect(database.commit([fill])).rejects.toMatchObject({ code: 'SLUSE-STORE-FULL' })
    await database.commit([mark('a', 1)])
    expect(await database.query('SELECT count(*) AS rows FROM journal')).toEqual([{ rows: 0 }])
  })

  it('reads only', async () => {
    const database = await opened()
    await expect(database.query("INSERT INTO marks VALUES ('a', 1) RETURNING value")).rejects.toMatchObject({
      code: 'SLUSE-STORE',
    })
  })

  it.each([0, 1, 3, 49, 50, 51, 117])('inserts %i rows in few statements', async (count) => {
    const database = await opened()
    const rows = Array.from({ length: count }, (_, index) => [`mark ${index}`, index])
    const statements = insertRows('marks', ['name', 'value'], rows)
    if (count > 0) await database.commit(statements)
    expect((await marks(database)).map(({ value }) => value)).toEqual(rows.map(([, value]) => value))
    expect(statements.length).toBeLessThanOrEqual(Math.floor(count / 50) + 9)
  })
})
