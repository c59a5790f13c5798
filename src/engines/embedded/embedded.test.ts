import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../database/index.ts'
import { engineSuite, type Open } from '../testing/engine-suite.ts'
import { openEmbeddedEngine } from './index.ts'

const settings = { parkAfter: 30, parkAtOnceAfter: 1000 }

const open: Open = async ({ activities, secrets }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-engine-'))
  let database = await openDatabase({ folder })
  const openEngine = () => openEmbeddedEngine({ database, activities, secrets, settings })
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

engineSuite('embedded', open)
