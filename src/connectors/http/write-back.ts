import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ConnectorHost } from '../connector.ts'
import { expression, jqOption } from '../expression.ts'
import type { HttpRequester } from './requester.ts'

/** JSON Schema of `confirm`: telling the system which records have arrived. */
export const confirmOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  description: 'Once all records of a read are durable, their ids are sent back.',
  properties: {
    path: {
      type: 'string',
      description: "Below the connection's address; `{id}` stands for the id, if each is sent alone.",
    },
    method: { enum: ['POST', 'PUT', 'PATCH', 'DELETE'], default: 'POST' },
    id: jqOption('jq on a record: its id.', { default: '.id' }),
    body: jqOption('jq on the list of ids: what is sent. Default: the list.'),
    size: { type: 'integer', minimum: 1, maximum: 10_000, default: 100, description: 'Ids of one request.' },
  },
}

/** Where the ids of a read are noted: in a file, as there may be many, and a position must be small. */
export interface NotedIds {
  readonly noted?: { readonly file: string; readonly bytes: number }
}

const folderOf = (host: ConnectorHost) => join(host.dataFolder, 'confirm')

/** Adds ids behind those noted so far; what a read that broke off wrote after them is written over. */
export async function noteIds(
  host: ConnectorHost,
  { noted }: NotedIds,
  ids: readonly Json[],
): Promise<NotedIds> {
  if (ids.length === 0) return noted ? { noted } : {}
  const { file, bytes } = noted ?? { file: `${randomUUID()}.ndjson`, bytes: 0 }
  await mkdir(folderOf(host), { recursive: true, mode: 0o700 })
  const path = join(folderOf(host), file)
  const text = ids.map((id) => `${JSON.stringify(id)}\n`).join('')
  await appendFile(path, '', { mode: 0o600 })
  const handle = await open(path, 'r+')
  try {
    await handle.write(text, bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { noted: { file, bytes: bytes + Buffer.byteLength(text) } }
}

export async function confirmIds(
  requester: HttpRequester,
  options: JsonObject,
  host: ConnectorHost,
  position: Json,
  signal: AbortSignal,
): Promise<void> {
  const { noted } = (isObject(position) ? position : {}) as NotedIds
  if (!noted || !/^[0-9a-f-]+\.ndjson$/.test(noted.file)) return
  const path = join(folderOf(host), noted.file)
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    // All of them were confirmed before.
    if (error.code === 'ENOENT') return undefined
    throw fault('communication', `The ids to confirm cannot be read: ${error.code}.`)
  })
  if (content === undefined) return
  const lines = content
    .subarray(0, noted.bytes)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
  const ids = lines.map((line) => JSON.parse(line) as Json)
  const each = String(options.path).includes('{id}')
  const size = each ? 1 : Number(options.size ?? 100)
  const body = typeof options.body === 'string' ? expression(options.body, 'confirm.body') : undefined
  for (let at = 0; at < ids.length; at += size) {
    const some = ids.slice(at, at + size)
    const to = String(options.path).replaceAll('{id}', () => encodeURIComponent(String(some[0])))
    await requester.send(
      {
        method: typeof options.method === 'string' ? options.method : 'POST',
        uri: requester.address(to),
        headers: {
          'content-type': 'application/json',
          'idempotency-key': `${noted.file.replace('.ndjson', '')}-${at}`,
        },
        ...(each && !body ? {} : { body: JSON.stringify(body ? body.first(some) : some) }),
      },
      signal,
    )
  }
  await rm(path, { force: true })
}
