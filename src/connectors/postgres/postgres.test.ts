import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../../../test/servers/internet/index.ts'
import { postgresBinaries, startPostgres, type PostgresServer } from '../../../test/servers/postgres/index.ts'
import { faultOf } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { Source, TargetMode } from '../connector.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { parseConnectionString } from './connection-string.ts'
import { postgres } from './index.ts'

test('a connection string is read in both of its forms', () => {
  const parts = {
    host: 'db.example',
    port: '5433',
    user: 'u',
    password: "p' \\x",
    database: 'd',
    sslMode: 'require',
  }
  expect(
    parseConnectionString("host=db.example port=5433 user=u password='p\\' \\\\x' dbname=d sslmode=require"),
  ).toEqual(parts)
  expect(parseConnectionString("postgres://u:p'%20%5Cx@db.example:5433/d?sslmode=require")).toEqual(parts)
  expect(() => parseConnectionString("host=x password='")).toThrow(/not valid/)
})

describe.skipIf(!postgresBinaries())('with a real server', () => {
  let server: PostgresServer
  let sql: pg.Pool
  let host: TestHost
  beforeAll(async () => {
    server = await startPostgres()
    host = createHost()
    sql = new pg.Pool({ ...place(), max: 2 })
    sql.on('error', () => {})
  }, 120_000)
  afterAll(async () => {
    await sql?.end().catch(() => {})
    await server?.stop()
    await host?.close()
  })
  const place = () => ({
    host: server.host,
    port: server.port,
    database: server.database,
    user: server.user,
    password: server.password,
  })
  const open = (more: JsonObject = {}) =>
    connect(postgres, { ...place(), ...(more as { [key: string]: string }) }, host)
  const { signal } = new AbortController()
  const rows = async (query: string): Promise<Json[]> => (await sql.query<JsonObject>(query)).rows

  connectorSuite(
    'PostgreSQL',
    async () => ({
      open,
      close: async () => {},
      source: {
        async put(records) {
          await sql.query('drop table if exists people; create table people (id int primary key, name text)')
          await sql.query('insert into people select * from json_populate_recordset(null::people, $1)', [
            JSON.stringify(records),
          ])
          return { table: 'people' }
        },
      },
      target: {
        modes: ['append', 'upsert', 'replace'],
        async clear() {
          await sql.query(
            'drop table if exists "To ""them"""; create table "To ""them""" (id int, name varchar(20))',
          )
          await sql.query('create unique index on "To ""them""" (id)')
          return { table: 'To "them"' }
        },
        contents: () => rows('select * from "To ""them"""'),
        refused: { id: 99, name: 'a name that is much too long for its column' },
      },
      broken: [
        {
          open: () => open({ password: 'wrong' }),
          says: /did not let us in: password authentication failed/,
        },
        { open: () => open({ port: 1 }), says: /refused the connection/ },
        { open: () => open({ database: 'none' }), says: /database "none" does not exist/ },
      ],
    }),
    { source: true, modes: ['upsert', 'replace'], parallel: ['upsert'], refuses: true },
  )

  const write = async (table: string, mode: TargetMode, records: Json[], key: string[] = []) => {
    const connection = open()
    const target = connection.target?.({ table })
    const delivery = await target?.begin({ mode, key, deliveryId: 'd', state: null, concurrency: 1, signal })
    const result = await delivery?.write(batch(records, 0), signal)
    await delivery?.finish(signal)
    return result?.refused ?? []
  }
  const read = async (options: JsonObject, since: Json = null) => {
    const found = await readAll(open().source?.(options) as never, null, signal, { since })
    return { records: found.flatMap(({ records }) => records), position: found.at(-1)?.position ?? null }
  }

  test('values of every type come back as they went in', async () => {
    await sql.query(`drop table if exists every; create table every (id int primary key, big bigint, exact numeric(12,2),
      real8 float8, truth boolean, day date, moment timestamptz, plain timestamp, doc jsonb, raw bytea, list text[], numbers int[], uid uuid, t text)`)
    const record = {
      ...{ id: 1, big: '9007199254740993', exact: '-1234.50', real8: 1.5, truth: false, day: '2026-12-31' },
      ...{
        moment: '2026-11-20T14:32:00.25Z',
        plain: '2026-11-20T14:32:00',
        doc: { a: ['Ø', null] },
        raw: 'AP8=',
      },
      ...{
        list: ['a"b', '{c}', '\\', ''],
        numbers: [1, null],
        uid: '00000000-0000-4000-8000-000000000006',
        t: 'tab\tnl\nbs\\N æ',
      },
    }
    const empty = Object.fromEntries(Object.keys(record).map((name) => [name, name === 'id' ? 2 : null]))
    const text = { id: 3, doc: 'a text', t: '' }
    expect(await write('every', 'append', [record, empty, text])).toEqual([])
    expect((await read({ table: 'every' })).records).toEqual([record, empty, { ...empty, ...text }])
  })

  test('refused rows are found one by one, each with what was wrong, and none of its data', async () => {
    await sql.query(
      'drop table if exists strict; create table strict (id int primary key, n int not null check (n > 0), d date)',
    )
    const good = Array.from({ length: 50 }, (_, at) => ({ id: at, n: 1, d: '2026-01-01' }))
    const bad: Json[] = [
      { id: 100, n: null, d: null },
      { id: 101, n: -1, d: null },
      { id: 1, n: 1, d: null },
      { id: 103, n: 'hemmelig', d: null },
      { id: 104, n: 1, d: '31-12-2026' },
      { id: 105, other: 1 },
      'no object',
    ]
    const refused = await write('strict', 'append', [...good.slice(0, 25), ...bad, ...good.slice(25)])
    expect(refused.map(({ index }) => index)).toEqual([25, 26, 27, 28, 29, 30, 31])
    const details = refused.map(({ problem }) => problem.detail ?? '')
    expect(details.join('\n')).not.toMatch(/hemmelig|31-12/)
    expect(details[0]).toMatch(/n must not be null/)
    expect(details[1]).toMatch(/does not meet strict_n_check/)
    expect(details[2]).toMatch(/strict_pkey has a row of this key already/)
    expect(details[3]).toMatch(/n is not of the type of its column/)
    expect(await rows('select count(*)::int from strict')).toEqual([{ count: 50 }])
  })

  test('an upsert changes only the members that a record has, and the last of a key in a batch counts', async () => {
    await sql.query(
      "drop table if exists part; create table part (a int, b text, note text default 'new', primary key (a, b))",
    )
    await write(
      'part',
      'upsert',
      [
        { a: 1, b: 'x', note: 'kept' },
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
      ['a', 'b'],
    )
    await write(
      'part',
      'upsert',
      [
        { a: 2, b: 'y', note: '1' },
        { a: 2, b: 'y', note: '2' },
      ],
      ['b', 'a'],
    )
    expect(await rows('select * from part order by a')).toEqual([
      { a: 1, b: 'x', note: 'kept' },
      { a: 2, b: 'y', note: '2' },
    ])
    expect(await write('part', 'upsert', [{ a: 1, note: 'x' }], ['a', 'b'])).toHaveLength(1)
  })

  test('a mistake in the declaration is told before anything is written', async () => {
    await sql.query('drop table if exists plain; create table plain (id int, name text)')
    expect((await faultOf(write('none', 'append', [{}]))).detail).toMatch(/no table none/)
    expect((await faultOf(write('plain', 'upsert', [{}], ['id']))).detail).toMatch(/no unique index over id/)
    expect((await faultOf(write('plain', 'upsert', [{}], ['x']))).detail).toMatch(/no column "x"/)
    expect((await faultOf(read({ table: 'plain' }))).detail).toMatch(/no primary key/)
    expect((await faultOf(read({ query: 'selekt', key: ['id'] }))).type).toMatch(/configuration$/)
    const twoStatements = { query: 'select 1 as id) q; drop table plain; --', key: ['id'] }
    await faultOf(read(twoStatements))
    expect(await rows('select count(*)::int from plain')).toEqual([{ count: 0 }])
  })

  test('a query is read in the order of its key', async () => {
    await sql.query(
      "drop table if exists src; create table src (a int, b text); insert into src values (2,'x'),(1,'y'),(1,'x')",
    )
    const { records } = await read({ query: 'select b, a from src', key: ['a', 'b'] })
    expect(records).toEqual([
      { b: 'x', a: 1 },
      { b: 'y', a: 1 },
      { b: 'x', a: 2 },
    ])
    await sql.query('insert into src values (null, null)')
    expect((await faultOf(read({ query: 'select b, a from src', key: ['a', 'b'] }))).detail).toMatch(
      /a is null in a row/,
    )
  })

  test('an incremental read gives what is new or has changed since the last, also within the same moment', async () => {
    await sql.query(
      'drop table if exists feed; create table feed (id int primary key, at timestamptz, v text)',
    )
    const moment = '2026-11-20 14:32:00.123456+00'
    await sql.query(
      `insert into feed values (1, '${moment}', 'a'), (5, '${moment}', 'b'), (9, null, 'never')`,
    )
    const options = { table: 'feed', incremental: 'at' }
    const first = await read(options)
    expect(first.records).toMatchObject([{ id: 1, at: '2026-11-20T14:32:00.123456Z' }, { id: 5 }])
    const nothing = await read(options, first.position)
    expect(nothing.records).toEqual([])
    await sql.query(`insert into feed values (7, '${moment}', 'c'); update feed set at = now() where id = 1`)
    const second = await read(options, nothing.position)
    expect(second.records).toMatchObject([{ id: 7 }, { id: 1 }])
    expect((await read({ ...options, lagSeconds: 3600 }, nothing.position)).records).toMatchObject([
      { id: 7 },
    ])
  })

  test('a server that is killed in the middle of a replace leaves what was there', async () => {
    await sql.query(
      'drop table if exists survives; create table survives (id int); insert into survives values (1)',
    )
    const delivery = await open()
      .target?.({ table: 'survives' })
      .begin({ mode: 'replace', key: [], deliveryId: 'd', state: null, concurrency: 1, signal })
    await delivery?.write(batch([{ id: 2 }], 0), signal)
    await server.kill()
    expect((await faultOf(delivery?.write(batch([{ id: 3 }], 1), signal) as never)).type).toMatch(
      /communication$/,
    )
    await delivery?.abort()
    await server.start()
    expect(await rows('select * from survives')).toEqual([{ id: 1 }])
  })

  test('an encrypted connection is checked against the authority that is given, and against the name', async () => {
    const authority = createTestAuthority()
    const { certificate, key } = authority.issue('127.0.0.1')
    const owned = (name: string, text: string) => {
      const file = join(server.folder, name)
      writeFileSync(file, text, { mode: 0o600 })
      if (process.getuid?.() === 0) execFileSync('chown', ['postgres:postgres', file])
      return file
    }
    const files = { ssl_cert_file: owned('server.crt', certificate), ssl_key_file: owned('server.key', key) }
    for (const [name, file] of Object.entries(files)) await sql.query(`alter system set ${name} = '${file}'`)
    await sql.query('alter system set ssl = on')
    await sql.query('select pg_reload_conf()')
    await expect.poll(async () => rows('show ssl')).toEqual([{ ssl: 'on' }])
    const encrypted = async (more: JsonObject) => {
      const connection = open(more)
      try {
        const source = connection.source?.({
          query: 'select 1 as id, ssl from pg_stat_ssl where pid = pg_backend_pid()',
          key: ['id'],
        })
        return (await readAll(source as Source, null, signal)).flatMap((each) => each.records)
      } finally {
        await connection.close()
      }
    }
    const verified = { sslMode: 'verify-full', sslRootCert: authority.certificate }
    expect(await encrypted(verified)).toEqual([{ id: 1, ssl: true }])
    expect(await encrypted({ sslMode: 'require' })).toEqual([{ id: 1, ssl: true }])
    expect(await encrypted({})).toEqual([{ id: 1, ssl: false }])
    const wrong = { ...verified, sslRootCert: createTestAuthority().certificate }
    expect((await faultOf(encrypted(wrong))).detail).toMatch(/certificate|signature/i)
    const named = { ...verified, host: 'localhost' }
    expect((await faultOf(encrypted(named))).detail).toMatch(/altnames|certificate/i)
  })
})
