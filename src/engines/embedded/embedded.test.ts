import { overDatabases, testDatabase, type DatabaseKind } from '../../database/testing/databases.ts'
import { engineSuite, type Open } from '../testing/engine-suite.ts'
import { openEmbeddedEngine } from './index.ts'

const settings = { parkAfter: 30, parkAtOnceAfter: 1000 }

const openOn =
  (kind: DatabaseKind): Open =>
  async ({ activities, secrets }) => {
    const records = await testDatabase(kind)
    let database = await records.open()
    const openEngine = () => openEmbeddedEngine({ database, activities, secrets, settings })
    const opened = { engine: await openEngine(), restart: () => again(1000), crash: () => again(0), close }

    async function again(graceMs: number): Promise<void> {
      await opened.engine.close(graceMs)
      await database.close()
      database = await records.open()
      opened.engine = await openEngine()
    }

    async function close(): Promise<void> {
      await opened.engine.close(0)
      await records.remove()
    }

    return opened
  }

overDatabases((kind) => engineSuite('embedded', openOn(kind)))
