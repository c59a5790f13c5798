import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../../../test/servers/internet/certificates.ts'
import { startPostgres, type PostgresServer } from '../../../test/servers/postgres/index.ts'
import { examineRecords, openDatabase } from '../index.ts'
import { isMissing } from '../testing/databases.ts'

describe.skipIf(isMissing('PostgreSQL'))('records on a server that speaks TLS alone', () => {
  const authority = createTestAuthority()
  const folder = mkdtempSync(join(tmpdir(), 'sluse-postgres-tls-'))
  /** Whose certificate is for 127.0.0.1, and one whose is for another host. */
  let right: PostgresServer
  let elsewhere: PostgresServer
  const url = ({ user, password, host, port, database }: PostgresServer, given: string) =>
    `postgres://${user}:${password}@${host}:${port}/${database}?${given}`
  const file = (name: string) => join(folder, name)
  beforeAll(async () => {
    writeFileSync(file('ca.pem'), authority.certificate)
    writeFileSync(file('other-ca.pem'), createTestAuthority('Another authority').certificate)
    ;[right, elsewhere] = await Promise.all([
      startPostgres({ tls: authority.issue('127.0.0.1') }),
      startPostgres({ tls: authority.issue('db.example.dk') }),
    ])
  })
  afterAll(async () => {
    await Promise.all([right?.stop(), elsewhere?.stop()])
    rmSync(folder, { recursive: true, force: true })
  })
  const verified = `sslmode=verify-full&sslrootcert=${file('ca.pem')}`

  test('all that we say to it is encrypted: writing, reading and news', async () => {
    const database = await openDatabase({ folder, url: url(right, verified), exclusive: false })
    try {
      await database.commit([{ sql: 'INSERT INTO journal (run, data) VALUES (?, ?)', parameters: [1, 'a'] }])
      expect(await database.query('SELECT data FROM journal')).toEqual([{ data: 'a' }])
      const connections = await database.query<{ name: string; ssl: number }>(
        `SELECT split_part(application_name, ' ', 2) AS name, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
         WHERE application_name LIKE 'sluse %'`,
      )
      expect(new Set(connections.map(({ name }) => name))).toEqual(new Set(['writes', 'reads', 'hears']))
      expect(connections.filter(({ ssl }) => ssl !== 1)).toEqual([])
    } finally {
      await database.close()
    }
  })

  test.each([
    ['an authority that is not the one of its certificate', `sslmode=verify-full&sslrootcert=other-ca.pem`],
    ['no authority of its own, and a certificate of none that is known', 'sslmode=verify-full'],
    ['no TLS', 'sslmode=disable'],
  ])('is not spoken to with %s, and waiting is of no use', async (_, given) => {
    const address = url(right, given.replace('other-ca.pem', file('other-ca.pem')))
    await expect(openDatabase({ folder, url: address, exclusive: false })).rejects.toMatchObject({
      code: 'SLUSE-STORE-REFUSED',
    })
    await expect(examineRecords(address)).rejects.toMatchObject({ code: 'SLUSE-STORE-REFUSED' })
  })

  test('is another one where its certificate is for another host; only `verify-full` looks at that', async () => {
    await expect(examineRecords(url(elsewhere, verified))).rejects.toMatchObject({
      code: 'SLUSE-STORE-REFUSED',
    })
    const authorityAlone = verified.replace('verify-full', 'verify-ca')
    expect(await examineRecords(url(elsewhere, authorityAlone))).toMatchObject({ empty: true })
    expect(await examineRecords(url(elsewhere, 'sslmode=require'))).toMatchObject({ empty: true })
  })
})
