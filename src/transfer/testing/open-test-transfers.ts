import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectorOf,
  openConnections,
  readConnection,
  type ConnectionDeclaration,
  type Connections,
  type Connector,
} from '../../connectors/index.ts'
import type { Database } from '../../database/index.ts'
import { testDatabase, type DatabaseKind } from '../../database/testing/databases.ts'
import type { ActivityRequest } from '../../engines/engine.ts'
import type { Functions } from '../../functions/index.ts'
import type { HttpClient } from '../../http/index.ts'
import { databaseMembers, Member } from '../../members/index.ts'
import { isObject, Postponed, type CloudEvent, type Json, type JsonObject } from '../../workflow/index.ts'
import { openTransfers } from '../index.ts'
import type { SharingOptions } from '../sharing/index.ts'
import { testDatasets, type StorageKind, type StorageOptions } from './storages.ts'

export interface TestTransfersOptions {
  /** Those of all processes, or of each. */
  readonly connectors?: readonly Connector[] | ((process: number) => readonly Connector[])
  /** Those of all processes, or of each. */
  readonly functions?: Functions | ((process: number) => Functions)
  readonly folder?: string
  readonly kind?: DatabaseKind
  /** Default: the folder. */
  readonly storage?: StorageKind
  readonly datasets?: Partial<StorageOptions>
  /** How many share the database, as processes do. Default: it is one, which shares it with nobody. */
  readonly processes?: number
  readonly sharing?: Omit<SharingOptions, 'takes' | 'member'>
  /** Which of them take jobs. Default: all. */
  readonly takes?: (process: number) => boolean
  readonly now?: () => number
  readonly random?: () => number
}

/** Transfers over a folder of their own, with connections `files` (a local folder) and those that a test gives. */
export async function openTestTransfers(options: TestTransfersOptions = {}) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sluse-transfer-'))
  const dataFolder = join(folder, 'data')
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  const records = await testDatabase(options.kind ?? 'SQLite')
  const published: CloudEvent[] = []
  const logged: { level: string; message: string; data?: JsonObject | undefined }[] = []
  const { processes, now, random = () => 0 } = options

  const openOne = async (process: number) => {
    const own =
      typeof options.connectors === 'function' ? options.connectors(process) : (options.connectors ?? [])
    const { functions: given } = options
    const functions = typeof given === 'function' ? given(process) : given
    const { database, freeze, goOn } = freezable(
      await records.open({ folder: dataFolder, exclusive: processes === undefined }),
    )
    const datasets = testDatasets(options.storage ?? 'folder', {
      database,
      folder: dataFolder,
      now: now ?? Date.now,
      ...options.datasets,
    })
    const store = databaseMembers(database)
    const named = { role: 'worker', version: '1', name: `process ${process}` }
    const dead = options.sharing?.heldFor
    const member =
      processes === undefined
        ? undefined
        : await Member.join({ store, ...named, ...(dead !== undefined && { presentMs: dead }) })
    const transfers = openTransfers({
      database,
      dataFolder,
      datasets,
      connections: testConnections(files, dataFolder, own),
      ...(functions && { functions }),
      publish: async (event) => {
        if (published.every(({ id, source }) => id !== event.id || source !== event.source))
          published.push(event)
      },
      log: (level, message, data) => void logged.push({ level, message, data }),
      ...(now && { now }),
      // Shortest pauses between attempts.
      random,
      ...(member && {
        sharing: { takes: options.takes?.(process) ?? true, member, ...options.sharing },
      }),
    })
    if (processes !== undefined) await transfers.start()
    return { database, datasets, transfers, member, freeze, goOn }
  }
  const opened = await Promise.all(Array.from({ length: processes ?? 1 }, (_, index) => openOne(index)))
  const [first] = opened
  if (!first) throw new Error('There is no process.')
  /** One attempt. */
  const perform = (given: object, request: Partial<ActivityRequest> = {}, process = 0): Promise<JsonObject> =>
    (opened[process] ?? first).transfers
      .perform({
        kind: 'transfer',
        input: given as Json,
        idempotencyKey: 'run1:/do/0/move',
        attempt: 0,
        runId: 'run1',
        key: '/do/0/move',
        secrets: {},
        signal: new AbortController().signal,
        ...request,
      })
      .then((output) => (isObject(output) ? output : {}))
  let closed = false
  const stop = async () => {
    if (closed) return
    closed = true
    // What was frozen goes on, so that it can end.
    for (const { goOn } of opened) goOn()
    await Promise.all(opened.map(({ transfers }) => transfers.close()))
    await Promise.all(opened.map(({ datasets }) => datasets.storage.close()))
    await Promise.all(opened.map(({ member }) => member?.leave()))
    await Promise.all(opened.map(({ database }) => database.close()))
  }
  return {
    folder,
    ...first,
    /** The transfers of each process. */
    all: opened.map(({ transfers }) => transfers),
    /** A process stands still, as far as the database hears of it; gives how it goes on. */
    freeze: (process: number) => {
      opened[process]?.freeze()
      return () => opened[process]?.goOn()
    },
    /** One more process. */
    join: async () => void opened.push(await openOne(opened.length)),
    /** From here on it writes nothing, as one that was killed. */
    die: (process: number) => {
      const dead = opened[process]
      if (dead) dead.database.commit = () => Promise.reject(new Error('The process is dead.'))
    },
    published,
    logged,
    perform,
    /** Carries out `transfer:1.0.0@default` with these arguments; what is put off is done when it is due. */
    run: async (given: object, request: Partial<ActivityRequest> = {}): Promise<JsonObject> => {
      for (let attempt = 0; ;) {
        try {
          return await perform(given, { attempt, ...request })
        } catch (error) {
          if (!(error instanceof Postponed) || closed) throw error
          attempt = error.attempt
          await new Promise((resolve) => setTimeout(resolve, error.until - Date.now()))
        }
      }
    },
    ...filesIn(files),
    stop,
    close: async () => {
      await stop()
      await records.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** While it is frozen nothing is asked of the database, and then all of it. */
function freezable(database: Database): { database: Database; freeze: () => void; goOn: () => void } {
  let frozen: Promise<void> | undefined
  let goOn = () => {}
  return {
    database: {
      query: async (sql, parameters) => {
        await frozen
        return database.query(sql, parameters)
      },
      commit: async (statements, how) => {
        await frozen
        return database.commit(statements, how)
      },
      onCommit: (listener) => database.onCommit(listener),
      ...(database.away && { away: () => database.away?.() ?? false }),
      close: () => database.close(),
    },
    freeze() {
      frozen ??= new Promise((resolve) => (goOn = resolve))
    },
    goOn() {
      frozen = undefined
      goOn()
    },
  }
}

/** Reads and writes what lies where the connection `files` is. */
export function filesIn(folder: string) {
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  return {
    write: (name: string, content: string | readonly Json[]) =>
      writeFileSync(
        join(folder, name),
        typeof content === 'string' ? content : content.map((each) => `${JSON.stringify(each)}\n`).join(''),
      ),
    read: (name: string): Json[] =>
      text(name)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Json),
    text,
  }
}

/** `files` is the folder; each connector of a test has a connection of its own. */
export function testConnections(files: string, dataFolder: string, own: readonly Connector[]): Connections {
  const find = (type: string) => own.find((each) => each.type === type) ?? connectorOf(type)
  const declarations: ConnectionDeclaration[] = [
    declare('files', 'bindings.localstorage', [{ name: 'rootPath', value: files }], find),
    ...own.map(({ type }) => declare(type.replace(/^.*\./, ''), type, [], find)),
  ]
  return openConnections({
    declarations: () => declarations,
    connectorOf: find,
    secrets: async () => ({}),
    environment: {},
    projectFolder: files,
    dataFolder,
    http: {} as HttpClient,
    now: Date.now,
    log: () => {},
  })
}

export type TestTransfers = Awaited<ReturnType<typeof openTestTransfers>>

/** What the suite of transfers needs of an installation, whatever runs them. */
export type TransfersUnderTest = Pick<
  TestTransfers,
  'folder' | 'transfers' | 'run' | 'write' | 'read' | 'text' | 'stop' | 'close'
>

function declare(
  name: string,
  type: string,
  metadata: Json[],
  find: (type: string) => Connector | undefined,
): ConnectionDeclaration {
  const resource = {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: { type, version: 'v1', metadata },
  }
  const { declaration, complaints } = readConnection(resource, find, [])
  if (!declaration) throw new Error(JSON.stringify(complaints))
  return declaration
}
