import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startPostgres } from '../../../test/servers/postgres/index.ts'
import { openDatabase, patient } from '../../database/index.ts'
import { isMissing } from '../../database/testing/databases.ts'
import { decodeRow } from '../../history/index.ts'
import { define } from '../testing/engine-suite.ts'
import { until } from '../testing/embedded-engine.ts'
import { openEmbeddedEngine } from './index.ts'

const calls = 5
const body = `do: [ { each: { for: { in: '[range(${calls})]' }, do: [ { call: { call: http, with: { method: get, endpoint: { uri: 'http://x.example' } } } } ] } } ]`

describe.skipIf(isMissing('PostgreSQL'))('runs whose records are on PostgreSQL', () => {
  test('all end right when it is killed under them, and each step is done and recorded once', async () => {
    const server = await startPostgres()
    const folder = mkdtempSync(join(tmpdir(), 'sluse-killed-'))
    const { user, password, host, port, database: name } = server
    const url = `postgres://${user}:${password}@${host}:${port}/${name}`
    const database = await openDatabase({ folder, url, patience: 500 })
    let carriedOut = 0
    const engine = await openEmbeddedEngine({
      database: patient(database),
      activities: async () => {
        carriedOut++
        return null
      },
    })
    try {
      await engine.deploy([define(body)])
      const definition = { namespace: 'test', name: 'main', version: 'latest' }
      const started = await Promise.all(
        Array.from({ length: 30 }, () => engine.start({ definition, input: {} })),
      )
      await until(() => carriedOut > 20)
      await server.kill()
      await server.start()
      for (const { id } of started) expect(await engine.outcome(id)).toMatchObject({ status: 'completed' })
      const rows = await database.query<{ run: number; data: string }>('SELECT run, data FROM journal')
      const results = rows.flatMap(({ run, data }) =>
        decodeRow(data).flatMap((item) => (item.type === 'result' ? [`${run} ${item.key}`] : [])),
      )
      // Each is recorded, none twice, and none was carried out again: no commit was in doubt.
      expect(new Set(results).size).toBe(30 * calls)
      expect(results).toHaveLength(30 * calls)
      expect(carriedOut).toBe(30 * calls)
    } finally {
      await engine.close(0)
      await database.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
