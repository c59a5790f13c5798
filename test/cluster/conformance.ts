import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine, type TemporalEngine } from '../../src/engines/index.ts'
import { openEngineRunner, type EngineParts, type TestEngineOptions } from '../conformance/engine-runner.ts'
import { isMissing } from '../conformance/examples/messages.ts'
import { folder, nameOf, play } from '../conformance/examples/play.ts'
import { examples } from '../conformance/examples/table.ts'
import { rulesOn } from '../conformance/rules/harness.ts'
import type { Installation } from './upgrades.ts'

/**
 * The specification's rules and examples, each test as it stands, on Temporal. Left out are schedules, which are tried
 * with a clock that only the embedded engine takes, and what is refused before any engine sees it.
 */
export async function conformanceSuite(installation: () => Installation): Promise<void> {
  await describe('the specification', async () => {
    const shared = new SharedEngine(installation)
    beforeAll(() => shared.open())
    afterAll(() => shared.close())

    rulesOn(() => shared.options())
    await import('../conformance/rules/addresses.test.ts')
    await import('../conformance/rules/calls.test.ts')
    await import('../conformance/rules/control.test.ts')
    await import('../conformance/rules/data-flow.test.ts')
    await import('../conformance/rules/errors.test.ts')
    await import('../conformance/rules/events.test.ts')
    await import('../conformance/rules/expressions.test.ts')
    await import('../conformance/rules/flow.test.ts')
    await import('../conformance/rules/lifecycle.test.ts')
    await import('../conformance/rules/messages.test.ts')
    await import('../conformance/rules/processes.test.ts')
    await import('../conformance/rules/protocols.test.ts')
    await import('../conformance/rules/retry.test.ts')
    await import('../conformance/rules/reuse.test.ts')
    await import('../conformance/rules/time.test.ts')

    examplesOn(shared)
  })

  describe('the specification, each effect an activity by itself', () => {
    const shared = new SharedEngine(installation, { aheadMs: 0 })
    beforeAll(() => shared.open())
    afterAll(() => shared.close())

    examplesOn(shared)
  })
}

function examplesOn(shared: SharedEngine): void {
  describe.skipIf(!existsSync(folder))('examples', () => {
    for (const [file, cases] of Object.entries(examples)) {
      for (const example of cases) {
        const name = nameOf(file, example)
        test.skipIf(isMissing(example.messages) || leftOut.has(name))(name, () =>
          play(file, example, ({ internet, path }) =>
            openEngineRunner(internet, { ...shared.options(), processes: { path } }),
          ),
        )
      }
    }
  })
}

/** What takes half a minute of real time, and what must not know what another test has deployed. */
const leftOut = new Set([
  'wait-duration-inline.yaml',
  'wait-duration-iso8601.yaml',
  'run-subflow.yaml, where the other workflow does not exist',
])

/** One engine for one test after the other, each with its activities and its secrets: to open one takes longer than a test. */
class SharedEngine {
  readonly #installation: () => Installation
  readonly #settings: { readonly aheadMs?: number }
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluse-conformance-'))
  #database: Database | undefined
  #engine: TemporalEngine | undefined
  #parts: EngineParts | undefined

  constructor(installation: () => Installation, settings: { readonly aheadMs?: number } = {}) {
    this.#installation = installation
    this.#settings = settings
  }

  async open(): Promise<void> {
    const { server, bundle } = this.#installation()
    const database = await openDatabase({ folder: this.#folder })
    this.#database = database
    this.#engine = await openTemporalEngine({
      database,
      activities: (request) => this.#now.activities(request),
      secrets: (names) => this.#now.secrets(names),
      server: { ...server, taskQueue: `conformance-${randomUUID()}` },
      key: randomBytes(32),
      settings: { earlyEvents: 0, ...this.#settings },
      bundle,
    })
  }

  options(): TestEngineOptions {
    const [shared, engine] = [this.#database, this.#engine]
    if (!shared || !engine) throw new Error('The engine is not open.')
    return {
      shared,
      open: async (parts) => {
        this.#parts = parts
        // The same event as in a test before is another one.
        await shared.commit([{ sql: `UPDATE inbox SET id = id || '-' || seq` }])
        return engine
      },
    }
  }

  async close(): Promise<void> {
    await this.#engine?.close(0)
    await this.#database?.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #now(): EngineParts {
    if (!this.#parts) throw new Error('No test runs.')
    return this.#parts
  }
}
