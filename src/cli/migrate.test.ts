import { afterEach, describe, expect, test } from 'vitest'
import { insertRows, openDatabase } from '../database/index.ts'
import { ask, isMissing, testDatabase, type TestDatabase } from '../database/testing/databases.ts'
import { openAuditLog } from '../history/index.ts'
import { openEmbeddedEngine } from '../engines/index.ts'
import { define } from '../engines/testing/engine-suite.ts'
import { testEvent, until } from '../engines/testing/embedded-engine.ts'
import { openFolder } from './testing/command.ts'

const engineOn = (database: Awaited<ReturnType<typeof openDatabase>>) =>
  openEmbeddedEngine({
    database,
    activities: async () => null,
    settings: { parkAtOnceAfter: 0, parkAfter: 10 },
  })

describe.skipIf(isMissing('PostgreSQL'))('sluse migrate', () => {
  let to: TestDatabase
  const project = openFolder()
  afterEach(async () => {
    await to?.remove()
    project.remove()
  })

  test('killed in the middle moves nothing; asked again it moves all, and runs under way go on there', async () => {
    to = await testDatabase('PostgreSQL')
    const url = to.options.url ?? ''
    const source = await openDatabase({ folder: `${project.folder}/.sluse` })
    const before = await engineOn(source)
    await before.deploy([define('do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]')])
    const definition = { namespace: 'test', name: 'main', version: 'latest' }
    const { id } = await before.start({ definition, input: {} })
    await until(() => before.health().liveRuns === 0)
    await before.close(0)
    const rows = Array.from({ length: 30_000 }, (_, at) => [
      `row ${at}`,
      1,
      at,
      'info',
      'x'.repeat(200),
      '{}',
    ])
    await source.commit(insertRows('run_logs', ['run', 'seq', 'at', 'level', 'message', 'data'], rows))
    const audit = openAuditLog(source, Date.now)
    for (let at = 0; at < 5; at++)
      await audit.write({
        who: { subject: 'anna' },
        action: 'runs.start',
        resource: `run/${at}`,
        outcome: 'done',
      })
    await source.close()

    const environment = { SLUSE_DATABASE_URL: url }
    const killed = project.start(['migrate'], environment)
    await killed.until(/10 %/)
    killed.process.kill('SIGKILL')
    expect((await killed.done).code).not.toBe(0)
    await until(
      async () =>
        (
          await ask(
            url,
            "SELECT 1 AS held FROM pg_locks WHERE locktype = 'relation' AND relation = 'run_logs'::regclass",
          )
        ).length === 0,
    )
    expect(await ask(url, 'SELECT 1 AS found FROM runs')).toEqual([])

    const moved = await project.start(['migrate', '--output', 'json'], environment).done
    expect(moved.err).not.toContain('hemmelig')
    expect(JSON.parse(moved.out)).toMatchObject({
      tables: { runs: 1, run_logs: 30_000, audit: 5 },
      auditEntries: 5,
    })
    expect((await project.start(['migrate'], environment).done).err).toContain('What it held was moved')
    const looked = await project.start(['doctor', '--output', 'json'], environment).done
    const { checks } = JSON.parse(looked.out) as { checks: { name: string }[] }
    expect(checks.find(({ name }) => name === 'records')).toMatchObject({ state: 'good' })

    const target = await to.open()
    const after = await engineOn(target)
    await after.publish([testEvent('go', 1)])
    expect(await after.outcome(id)).toEqual({ status: 'completed', output: [1] })
    await after.close(0)
  })
})
