import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createActivityRunner } from '../../src/activities/index.ts'
import type { ProcessSettings } from '../../src/processes/index.ts'
import { openInbox } from '../../src/app/inbox.ts'
import { openGuard } from '../../src/app/open-guard.ts'
import { type Database, openDatabase } from '../../src/database/index.ts'
import {
  type ActivityRunner,
  type Clock,
  type Engine,
  openEmbeddedEngine,
  type SecretStore,
} from '../../src/engines/index.ts'
import { type History, openHistory } from '../../src/history/index.ts'
import { type Definition, load } from '../../src/workflow/definition/index.ts'
import type { CloudEvent, Json, JsonObject } from '../../src/workflow/index.ts'
import type { Internet } from '../servers/internet/index.ts'
import type { Ended, Given, Runner } from './runner.ts'

/** The embedded engine with its real activities, on a folder of its own, with only that internet in reach. */
export interface TestEngine {
  readonly engine: Engine
  readonly history: History
  /** The project's folder: what is put there is in reach of `file:` resources and of the default catalog. */
  readonly project: string
  /** Secrets by name; filled by tests. */
  readonly secrets: JsonObject
  /** The events that were accepted since the last call, in order. */
  newEvents(): Promise<CloudEvent[]>
  close(): Promise<void>
}

export interface EngineParts {
  readonly database: Database
  readonly activities: ActivityRunner
  readonly secrets: SecretStore
}

export interface TestEngineOptions {
  readonly clock?: Clock
  readonly processes?: ProcessSettings
  /** One that others use, too: neither it nor the engine is closed. */
  readonly shared?: Database
  /** Opens the engine; default: the embedded one. */
  readonly open?: (given: EngineParts) => Promise<Engine>
}

export async function openTestEngine(
  internet: Internet,
  options: TestEngineOptions = {},
): Promise<TestEngine> {
  const root = mkdtempSync(join(tmpdir(), 'sluse-engine-'))
  const project = join(root, 'project')
  mkdirSync(project)
  const database = options.shared ?? (await openDatabase({ folder: join(root, 'data') }))
  const guard = await openGuard(undefined, () => {})
  const activities = createActivityRunner({
    guard,
    projectFolder: project,
    dataFolder: join(root, 'data'),
    ...(options.processes && { processes: options.processes }),
    http: { environment: internet.environment, trustedAuthorities: [internet.authority] },
  })
  const secrets: JsonObject = {}
  const store: SecretStore = async (names) =>
    Object.fromEntries(names.filter((name) => name in secrets).map((name) => [name, secrets[name] as Json]))
  const parts = { database, activities, secrets: store }
  const engine = await (options.open?.(parts) ??
    openEmbeddedEngine({
      ...parts,
      gatekeeper: guard,
      ...(options.clock && { clock: options.clock }),
      // A run shows as waiting once it is parked; and what one test publishes is not for the next one.
      settings: { parkAfter: 20, earlyEvents: 0 },
    }))
  const inbox = openInbox(database)
  let cursor = await inbox.newest()
  return {
    engine,
    history: openHistory(database),
    project,
    secrets,
    newEvents: async () => {
      const entries = await inbox.after(cursor)
      cursor = entries.at(-1)?.cursor ?? cursor
      return entries.map(({ event }) => event)
    },
    close: async () => {
      if (!options.shared) await engine.close(0)
      await activities.close()
      if (!options.shared) await database.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Runs definitions in this process, one after the other on one engine. */
export async function openEngineRunner(internet: Internet, options: TestEngineOptions = {}): Promise<Runner> {
  const opened = await openTestEngine(internet, options)
  return {
    name: 'engine',
    run: (given) => runOn(opened, internet, given),
    close: () => opened.close(),
  }
}

async function runOn(opened: TestEngine, internet: Internet, given: Given): Promise<Ended> {
  const { engine, history } = opened
  for (const [path, content] of Object.entries(given.files ?? {})) {
    mkdirSync(dirname(join(opened.project, path)), { recursive: true })
    writeFileSync(join(opened.project, path), content)
  }
  for (const name of Object.keys(opened.secrets)) delete opened.secrets[name]
  Object.assign(opened.secrets, given.secrets)

  const definitions: Definition[] = []
  for (const text of [given.definition, ...(given.others ?? [])]) {
    const { definition, findings } = load(text)
    if (!definition)
      return { status: 'invalid', findings: JSON.stringify(findings), lifecycle: [], emitted: [] }
    definitions.push(definition)
  }
  const [definition, ...others] = definitions as [Definition, ...Definition[]]
  await opened.newEvents()
  await engine.deploy(others)
  const { id } = await engine.start({
    definition,
    ...(given.input === undefined ? {} : { input: given.input }),
  })

  const published = new Set(given.events)
  let over = false
  const feeding = publishAsAwaited(opened, id, given.events ?? [], () => over)
  void given.cancelWhen?.(internet).then(() => engine.cancel(id))
  const outcome = await engine.outcome(id)
  over = true
  await feeding
  const lifecycle: CloudEvent[] = []
  for await (const event of history.lifecycle(id)) lifecycle.push(event)
  const ids = new Set([...published].map((event) => event.id))
  const emitted = (await opened.newEvents()).filter((event) => !ids.has(event.id))
  return { ...outcome, lifecycle, emitted }
}

/** Each event once the run waits; so the run has made of one event what it does before the next one comes. */
async function publishAsAwaited(
  { engine, history }: TestEngine,
  id: string,
  events: readonly CloudEvent[],
  over: () => boolean,
): Promise<void> {
  for (const event of events) {
    while (!over() && (await history.run(id)).status !== 'waiting') await pause(2)
    if (over()) return
    await engine.publish([event])
    await pause(5)
  }
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds))
