import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, patient, type Database } from '../../database/index.ts'
import { openHistory, type History } from '../../history/index.ts'
import type { CloudEvent, Json } from '../../workflow/index.ts'
import { openEmbeddedEngine, type EmbeddedEngine, type EmbeddedEngineOptions } from '../embedded/index.ts'
import { define } from './engine-suite.ts'

type Given = Partial<Omit<EmbeddedEngineOptions, 'database'>> & {
  maxBytes?: number
  /** What the engine has in the place of the database. */
  through?: (database: Database) => Database
}

/** An embedded engine on a folder of its own, for tests of what only this engine promises. */
export interface TestEngine {
  engine: EmbeddedEngine
  database: Database
  readonly history: History
  readonly folder: string
  readonly logged: string[]
  start(name?: string, input?: Json): Promise<string>
  /** Closes it at once and opens it again, with other options where they are given. */
  reopen(other?: Given): Promise<void>
  close(): Promise<void>
}

export async function openTestEngine(given: Given, ...definitions: string[]): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-engine-'))
  const logged: string[] = []
  const options = { ...given }
  const open = async () => {
    const { maxBytes, through = (database) => database, ...rest } = options
    const database = await openDatabase({ folder, ...(maxBytes !== undefined && { maxBytes }) })
    const engine = await openEmbeddedEngine({
      database: patient(through(database)),
      activities: async () => null,
      log: (level, message, data) => logged.push(`${level} ${message} ${JSON.stringify(data ?? {})}`),
      ...rest,
      settings: { parkAfter: 30, parkAtOnceAfter: 1000, ...rest.settings },
    })
    return { database, engine }
  }
  const test: TestEngine = {
    ...(await open()),
    folder,
    logged,
    get history() {
      return openHistory(test.database)
    },
    async start(name = 'main', input = {}) {
      const definition = { namespace: 'test', name, version: 'latest' }
      return (await test.engine.start({ definition, input })).id
    },
    async reopen(other = {}) {
      await test.engine.close(0)
      await test.database.close()
      Object.assign(options, other)
      Object.assign(test, await open())
    },
    async close() {
      await test.engine.close(0)
      await test.database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  if (definitions.length > 0) await test.engine.deploy(definitions.map((body) => define(body)))
  return test
}

export function testEvent(type: string, data: Json, more: Partial<CloudEvent> = {}): CloudEvent {
  return { specversion: '1.0', id: `${type} ${JSON.stringify(data)}`, source: '/test', type, data, ...more }
}

/** Waits for what will come; a test that waits in vain ends by its own timeout. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}
