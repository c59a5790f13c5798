import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { workflowBundle } from '../../src/engines/testing/workflow-bundle.ts'
import { freePort } from '../servers/free-port.ts'
import { startPostgres } from '../servers/postgres/index.ts'
import { startTemporal } from '../servers/temporal/index.ts'
import { member } from './member.ts'
import { openSystems } from './systems.ts'

/** With which `/in/intake` is pushed to. */
export const pushKey = 'synthetic-push-key'

interface Given {
  readonly apart?: boolean
  readonly environment?: { readonly [name: string]: string }
}

/**
 * A whole installation of real processes: two API servers, two workers, a Temporal server on a PostgreSQL of its own,
 * and a PostgreSQL with the records, which holds a database `target` beside them. All share one data folder, or each has
 * its own (`apart`), as on machines of their own.
 */
export async function openInstallation({ apart = false, environment: more = {} }: Given = {}) {
  putBundle()
  const folder = mkdtempSync(join(tmpdir(), 'sluse-installation-'))
  const [temporal, postgres, systems] = await Promise.all([startTemporal(), startPostgres(), openSystems()])
  const { user, password, host, port } = postgres
  const urlOf = (database: string) => `postgres://${user}:${password}@${host}:${port}/${database}`
  const query = async <T extends pg.QueryResultRow>(database: string, sql: string): Promise<T[]> => {
    const client = new pg.Client({ connectionString: urlOf(database) })
    // It is killed now and then.
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<T>(sql)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }
  await query('postgres', 'CREATE DATABASE sluse')
  await query('postgres', 'CREATE DATABASE target')

  const project = join(folder, 'project')
  cpSync(fileURLToPath(new URL('project', import.meta.url)), project, { recursive: true })
  const given = { SYSTEMS: systems.url, FILES: folder, '5432': String(port) }
  for (const file of readdirSync(project, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.yaml')) continue
    const text = readFileSync(join(project, file), 'utf8')
    const replaced = Object.entries(given).reduce((all, [name, value]) => all.replaceAll(name, value), text)
    writeFileSync(join(project, file), replaced)
  }

  const environment = {
    SLUSE_ENGINE: 'temporal',
    SLUSE_DATA: join(folder, 'data'),
    SLUSE_DATABASE_URL: `${urlOf('sluse')}?sslmode=disable`,
    SLUSE_TEMPORAL_ADDRESS: temporal.address,
    SLUSE_TEMPORAL_NAMESPACE: temporal.namespace,
    SLUSE_TEMPORAL_KEY: randomBytes(32).toString('hex'),
    SLUSE_SECRET_TARGET_PASSWORD: password,
    SLUSE_SECRET_PUSH_KEY: pushKey,
    ...more,
  }
  let opened = 0
  const open = async (role: 'api' | 'worker') => {
    const own = apart ? { SLUSE_DATA: join(folder, `data-${++opened}`) } : {}
    return member(role, await freePort(), project, { ...environment, ...own })
  }
  const apis = [await open('api'), await open('api')] as const
  const workers = [await open('worker'), await open('worker')] as const
  const members = [...apis, ...workers]

  return {
    folder,
    project,
    environment,
    temporal,
    /** Of the records. */
    postgres,
    systems,
    apis,
    workers,
    members,
    /** Asks the database of the records, or another one of their server. */
    query,
    start: () => Promise.all(members.map((each) => each.start())),
    async close() {
      await Promise.all(members.map((each) => each.end('SIGKILL')))
      await Promise.all([temporal.stop(), postgres.stop(), systems.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>

/** What runs in the sandbox is bundled when a release is built; here from the same sources, where they changed. */
function putBundle(): void {
  const file = fileURLToPath(new URL('../../dist/engines/temporal/workflow-bundle.js', import.meta.url))
  writeFileSync(`${file}.new`, workflowBundle())
  renameSync(`${file}.new`, file)
}
