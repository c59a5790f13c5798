import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { hasTemporal, startTemporal, type TemporalServer } from '../../../test/servers/temporal/index.ts'
import { openDatabase } from '../../database/index.ts'
import { engineSuite, type Open } from '../testing/engine-suite.ts'
import { workflowBundle } from '../testing/workflow-bundle.ts'
import { openTemporalEngine } from './index.ts'

describe.skipIf(!hasTemporal())('on a real server', () => {
  let temporal: TemporalServer
  let bundle: string
  beforeAll(async () => {
    bundle = workflowBundle()
    temporal = await startTemporal()
  })
  afterAll(() => temporal?.stop())

  const open: Open = async ({ activities, secrets }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluse-engine-'))
    const { address, namespace } = temporal
    const server = { address, namespace, taskQueue: `test-${randomUUID()}` }
    const key = randomBytes(32)
    let database = await openDatabase({ folder })
    const openEngine = () =>
      openTemporalEngine({ database, activities, secrets, server, key, bundle, pins: false, log: logged })
    const opened = { engine: await openEngine(), restart: () => again(1000), crash: () => again(0), close }

    async function again(graceMs: number): Promise<void> {
      await opened.engine.close(graceMs)
      await database.close()
      database = await openDatabase({ folder })
      opened.engine = await openEngine()
    }

    async function close(): Promise<void> {
      await opened.engine.close(0)
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }

    return opened
  }

  engineSuite('temporal', open)
})

function logged(level: string, message: string, data?: object): void {
  if (process.env.SLUSE_TEST_LOG) console.log(level, message, JSON.stringify(data))
}
