import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectorOf,
  openConnections,
  readConnection,
  type ConnectionDeclaration,
  type Connector,
} from '../../connectors/index.ts'
import { testDatabase, type DatabaseKind } from '../../database/testing/databases.ts'
import type { ActivityRequest } from '../../engines/engine.ts'
import type { Functions } from '../../functions/index.ts'
import type { HttpClient } from '../../http/index.ts'
import { isObject, type CloudEvent, type Json, type JsonObject } from '../../workflow/index.ts'
import { openTransfers } from '../index.ts'
import { testDatasets, type StorageKind, type StorageOptions } from './storages.ts'

/** Transfers over a folder of their own, with connections `files` (a local folder) and those that a test gives. */
export async function openTestTransfers(
  options: {
    connectors?: readonly Connector[]
    functions?: Functions
    folder?: string
    kind?: DatabaseKind
    /** Default: the folder. */
    storage?: StorageKind
    datasets?: Partial<StorageOptions>
    now?: () => number
    random?: () => number
  } = {},
) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sluse-transfer-'))
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  const own = options.connectors ?? []
  const find = (type: string) => own.find((each) => each.type === type) ?? connectorOf(type)
  const declarations: ConnectionDeclaration[] = [
    declare('files', 'bindings.localstorage', [{ name: 'rootPath', value: files }], find),
    ...own.map(({ type }) => declare(type.replace(/^.*\./, ''), type, [], find)),
  ]
  const records = await testDatabase(options.kind ?? 'SQLite')
  const database = await records.open({ folder: join(folder, 'data') })
  const published: CloudEvent[] = []
  const logged: { level: string; message: string; data?: JsonObject | undefined }[] = []
  const connections = openConnections({
    declarations: () => declarations,
    connectorOf: find,
    secrets: async () => ({}),
    environment: {},
    projectFolder: folder,
    dataFolder: join(folder, 'data'),
    http: {} as HttpClient,
    now: Date.now,
    log: () => {},
  })
  const { now = Date.now } = options
  const datasets = testDatasets(options.storage ?? 'folder', {
    database,
    folder: join(folder, 'data'),
    now,
    ...options.datasets,
  })
  const transfers = openTransfers({
    database,
    dataFolder: join(folder, 'data'),
    datasets,
    connections,
    ...(options.functions && { functions: options.functions }),
    publish: async (event) => {
      if (published.every(({ id, source }) => id !== event.id || source !== event.source))
        published.push(event)
    },
    log: (level, message, data) => void logged.push({ level, message, data }),
    ...(options.now && { now: options.now }),
    // Shortest pauses between attempts.
    random: options.random ?? (() => 0),
  })
  let closed = false
  const stop = async () => {
    if (closed) return
    closed = true
    await transfers.close()
    await datasets.storage.close()
    await database.close()
  }
  return {
    folder,
    database,
    datasets,
    transfers,
    published,
    logged,
    /** Carries out `transfer:1.0.0@default` with these arguments. */
    run: (given: object, request: Partial<ActivityRequest> = {}): Promise<JsonObject> =>
      transfers
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
        .then((output) => (isObject(output) ? output : {})),
    write: (name: string, content: string | readonly Json[]) =>
      writeFileSync(
        join(files, name),
        typeof content === 'string' ? content : content.map((each) => `${JSON.stringify(each)}\n`).join(''),
      ),
    read: (name: string): Json[] =>
      readFileSync(join(files, name), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Json),
    text: (name: string) => readFileSync(join(files, name), 'utf8'),
    stop,
    close: async () => {
      await stop()
      await records.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type TestTransfers = Awaited<ReturnType<typeof openTestTransfers>>

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
