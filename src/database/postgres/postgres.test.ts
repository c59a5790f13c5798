import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type PostgresServer } from '../../../test/servers/postgres/index.ts'
import { examineRecords, openDatabase, type Database, type Statement } from '../index.ts'
import { ask, isMissing } from '../testing/databases.ts'
import { readDatabaseUrl } from './connect.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluse-postgres-port-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(isMissing('PostgreSQL'))('records on a server of their own', () => {
  let server: PostgresServer
  let url: string
  const opened: Database[] = []
  const open = async (options: { exclusive?: boolean; patience?: number } = {}) => {
    const database = await openDatabase({ folder, url, exclusive: false, ...options })
    opened.push(database)
    return database
  }
  beforeAll(async () => {
    server = await startPostgres()
    url = `postgres://${server.user}:${server.password}@${server.host}:${server.port}/${server.database}`
  })
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close()
    await ask(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  })
  afterAll(() => server?.stop())

  const row = (run: number, data: string): Statement => ({
    sql: 'INSERT INTO journal (run, data) VALUES (?, ?)',
    parameters: [run, data],
  })
  const committed = (database: Database) =>
    new Promise<void>((resolve) => {
      const stop = database.onCommit(() => (stop(), resolve()))
    })
  const endWriters =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sluse writes%'"
  const written = async (database: Database) =>
    (await database.query<{ data: string }>('SELECT data FROM journal ORDER BY seq')).map(({ data }) => data)

  test('two processes that start together bring up one schema, and hear of each other', async () => {
    const [one, other] = await Promise.all([open(), open()])
    const heard = new Promise<void>((resolve) => other.onCommit(resolve))
    await one.commit([row(1, 'a')])
    await heard
    expect(await written(other)).toEqual(['a'])
  })

  test('a quiet commit is there, and wakes nobody: neither here nor in another process', async () => {
    const [one, other] = await Promise.all([open(), open()])
    let told = 0
    const heard = new Promise<void>((resolve) => {
      one.onCommit(() => told++)
      other.onCommit(() => (told++, resolve()))
    })
    await one.commit([row(1, 'quiet')], { quiet: true })
    expect(await written(other)).toEqual(['quiet'])
    expect(told).toBe(0)
    await one.commit([row(2, 'told')])
    await heard
    // Nor is it found by those who look now and then for what they have not heard of.
    const counts = 'SELECT sum(last) AS made, sum(news) AS told FROM sluse_writers'
    const [before] = await one.query<{ made: number; told: number }>(counts)
    await one.commit([row(3, 'quiet')], { quiet: true })
    expect(await one.query(counts)).toEqual([{ ...before, made: Number(before?.made) + 1 }])
  })

  test('looking at the records changes nothing, and tells what the next start will do', async () => {
    expect(await examineRecords(url)).toMatchObject({
      empty: true,
      connectionsLeft: expect.any(Number) as number,
    })
    expect(await ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).toEqual([
      { count: 0 },
    ])
    await (await open()).close()
    expect(await examineRecords(url)).toMatchObject({ empty: false, behind: 0 })
    await ask(url, 'DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)')
    expect(await examineRecords(url)).toMatchObject({ empty: false, behind: 1 })
    await ask(url, 'INSERT INTO migrations (number) VALUES (9999)')
    await expect(examineRecords(url)).rejects.toMatchObject({ code: 'SLUSE-STORE-NEWER' })
  })

  test('who is refused is told that waiting is of no use, and who meets nobody that it may be', async () => {
    const refused = { code: 'SLUSE-STORE-REFUSED' }
    const away = { code: 'SLUSE-STORE-UNREACHABLE' }
    const to = (change: (address: URL) => void) => {
      const address = new URL(url)
      change(address)
      return openDatabase({ folder, url: address.href, exclusive: false })
    }
    await expect(to((address) => (address.password = 'wrong'))).rejects.toMatchObject(refused)
    await expect(to((address) => (address.pathname = '/nowhere'))).rejects.toMatchObject(refused)
    await expect(to((address) => (address.search = 'sslmode=require'))).rejects.toMatchObject(refused)
    await expect(to((address) => (address.port = '9'))).rejects.toMatchObject(away)
    await expect(to((address) => (address.hostname = 'nowhere.invalid'))).rejects.toMatchObject(away)
    await expect(examineRecords(`${url}?options=-c%20search_path%3Dnone`)).rejects.toThrow(/CREATE SCHEMA/)
  })

  test('who wants it alone does not get it while others have it, nor they then', async () => {
    const shared = await open()
    await expect(open({ exclusive: true })).rejects.toMatchObject({ code: 'SLUSE-STORE-LOCKED' })
    await shared.close()
    await open({ exclusive: true })
    await expect(open()).rejects.toThrow(/held by sluse writes/)
  })

  test('a chain that two write at the same time has no gap and no fork', async () => {
    const writers = [await open(), await open()]
    const link = (text: string): Statement => ({
      sql: 'INSERT INTO audit (number, hash, at, subject, action, resource, outcome, entry) VALUES (?, ?, 1, ?, ?, ?, ?, ?)',
      parameters: ['s', 'a', 'r', 'o', text],
      chain: { last: 'SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1', text },
    })
    await Promise.all(
      writers.flatMap((database, index) =>
        Array.from({ length: 20 }, (_, at) => database.commit([link(`${index} ${at} æøå`)])),
      ),
    )
    const rows = await writers[0]?.query<{ number: number; hash: string; entry: string }>(
      'SELECT number, hash, entry FROM audit ORDER BY number',
    )
    let before = ''
    for (const [index, { number, hash, entry }] of (rows ?? []).entries()) {
      expect(number).toBe(index + 1)
      before = createHash('sha256').update(`${number}\n${before}\n${entry}`).digest('hex')
      expect(hash).toBe(before)
    }
    expect(rows).toHaveLength(40)
  })

  test('numbers of one turn rise in the order in which they can be seen, whoever writes', async () => {
    const writers = [await open(), await open(), await open()]
    const reader = await open()
    const seen: number[] = []
    let writing = true
    const watching = (async () => {
      while (writing) {
        const rows = await reader.query<{ seq: number }>('SELECT seq FROM journal ORDER BY seq')
        for (const { seq } of rows.slice(seen.length)) seen.push(seq)
      }
    })()
    await Promise.all(
      writers.map(async (database, index) => {
        for (let at = 0; at < 30; at++) await database.commit([{ ...row(index, `${at}`), turn: 'journal' }])
      }),
    )
    writing = false
    await watching
    const rows = await reader.query<{ seq: number }>('SELECT seq FROM journal ORDER BY seq')
    // What a reader saw was never added to further down.
    expect(rows.slice(0, seen.length).map(({ seq }) => seq)).toEqual(seen)
  })

  test('each commit is made once, whatever becomes of its connection', async () => {
    const database = await open()
    const breaking = (async () => {
      for (let times = 0; times < 15; times++) {
        await committed(database)
        await ask(url, endWriters)
      }
    })()
    const all: string[] = []
    let broken = false
    void breaking.then(() => (broken = true))
    while (!broken) {
      const some = [0, 1, 2].map((at) => `${all.length + at}`)
      all.push(...some)
      await Promise.all(some.map((data) => database.commit([row(1, data)])))
    }
    await breaking
    expect(await written(database)).toEqual(all)
  })

  test('a killed server loses nothing that was acknowledged, and doubles nothing', async () => {
    const database = await open({ patience: 60_000 })
    const all = Array.from({ length: 60 }, (_, at) => `${at}`)
    const writing = (async () => {
      for (const data of all) await database.commit([row(1, data)])
    })()
    await committed(database)
    await server.kill()
    await server.start()
    await writing
    expect(await written(database)).toEqual(all)
  })

  test('a server that stays away is said to be, and is used again when it is back', async () => {
    const database = await open({ patience: 200 })
    await server.kill()
    // The first may have been sent: it is answered when its fate is known.
    const first = database.commit([row(1, 'first')]).then(
      () => true,
      () => false,
    )
    const error = await database.commit([row(1, 'second')]).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'SLUSE-STORE-UNREACHABLE' })
    await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'SLUSE-STORE-UNREACHABLE' })
    expect(String(error)).not.toContain(server.password)
    await server.start()
    const told = await first
    const again = () =>
      database.commit([row(1, 'third')]).then(
        () => true,
        () => false,
      )
    while (!(await again())) await new Promise((done) => setTimeout(done, 20))
    expect(await written(database)).toEqual([...(told ? ['first'] : []), 'third'])
  })

  test('what a text of SQLite can hold and one of PostgreSQL cannot is kept readable', async () => {
    const database = await open()
    await database.commit([row(1, 'a\0b')])
    expect(await written(database)).toEqual(['a␀b'])
    expect(await database.query('SELECT run FROM journal WHERE data = ?', ['a\0b'])).toEqual([{ run: 1 }])
  })
})

test('an address without a way to be sure of the server is refused', () => {
  expect(readDatabaseUrl('postgres://u:p%40@db.example/records').ssl).toEqual({})
  expect(readDatabaseUrl('postgres://u@127.0.0.1:5433/records').ssl).toBe(false)
  expect(readDatabaseUrl('postgres://u:p%40@db.example/records?sslmode=require')).toMatchObject({
    password: 'p@',
    ssl: { rejectUnauthorized: false },
  })
  for (const wrong of ['mysql://u:secret@h/d', 'postgres://u:secret@h/d?sslmode=prefer', 'postgres:///d'])
    expect(() => readDatabaseUrl(wrong)).toThrow(/^(?!.*secret).*databaseUrl/)
})
