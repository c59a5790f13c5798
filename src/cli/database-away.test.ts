import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../test/servers/free-port.ts'
import { startPostgres, type PostgresServer } from '../../test/servers/postgres/index.ts'
import { isMissing } from '../database/testing/databases.ts'
import { definition, openFolder } from './testing/command.ts'

const patient = { timeout: 30_000 }

describe.skipIf(isMissing('PostgreSQL'))('a server that starts while its database is away', () => {
  let postgres: PostgresServer
  const folder = openFolder({ 'pipelines/a.yaml': definition('a', '  - a: { set: { x: 1 } }') })
  beforeAll(async () => {
    postgres = await startPostgres()
    await postgres.kill()
  })
  afterAll(async () => {
    await postgres?.stop()
    folder.remove()
  })
  const urlFor = (password: string) =>
    `postgres://${postgres.user}:${password}@${postgres.host}:${postgres.port}/${postgres.database}`

  test('lives and is not ready, and opens when it comes; who is refused ends at once', async () => {
    const port = await freePort()
    const at = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
    const environment = { SLUSE_DATABASE_URL: urlFor(postgres.password) }
    const serving = folder.start(['serve', '--port', String(port)], environment)
    try {
      await expect.poll(async () => (await at('/health').catch(() => undefined))?.status, patient).toBe(200)
      const notReady = await at('/ready')
      expect([notReady.status, await notReady.json()]).toMatchObject([503, { status: 'not-writable' }])
      const refused = await at('/api/v1/pipelines/test/a/runs', 'POST')
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
      const said = await refused.text()
      expect(said).toContain('SLUSE-STORE-UNREACHABLE')
      expect(said).not.toContain(String(postgres.port))

      await postgres.start()
      await expect.poll(async () => (await at('/ready').catch(() => undefined))?.status, patient).toBe(200)
      expect((await at('/api/v1/pipelines/test/a/runs', 'POST')).status).toBe(201)
    } finally {
      serving.process.kill('SIGTERM')
    }
    const { code, err } = await serving.done
    expect(code).toBe(0)
    expect(err.match(/waiting for it/g)?.length).toBeGreaterThan(0)
    expect(err).not.toContain(postgres.password)

    const stranger = await folder.start(['serve', '--port', '0'], { SLUSE_DATABASE_URL: urlFor('wrong') })
      .done
    expect(stranger.code).toBe(1)
    expect(stranger.err).toContain('SLUSE-STORE-REFUSED')
  })
})
