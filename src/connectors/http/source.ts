import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ConnectorHost, ReadRequest, Source, SourceBatch } from '../connector.ts'
import { documentOptions, readDocument, readProperties } from '../formats/index.ts'
import { expression, jqOption } from '../expression.ts'
import { LoopGuard, pagerOf, paginationOptions, type PageRequest } from './pages.ts'
import type { HttpRequester } from './requester.ts'
import { confirmIds, confirmOptions, noteIds, type NotedIds } from './write-back.ts'

export const httpSourceOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    path: { type: 'string', default: '', description: "Below the connection's address." },
    query: { type: 'object', description: 'Parameters of the query; a list is repeated.' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    method: { enum: ['GET', 'POST', 'QUERY'], default: 'GET' },
    body: { description: 'Sent as JSON, with POST or QUERY.' },
    items: jqOption('jq on a page of JSON: its records. Default: the items of a list, else the page itself.'),
    pagination: paginationOptions,
    maxPages: { type: 'integer', minimum: 1, default: 10_000, description: 'More are an error.' },
    changedOnly: {
      type: 'boolean',
      default: false,
      description:
        'Ask only for what has changed since the last complete read (`ETag`, `Last-Modified`). What has not changed gives ' +
        'no records: not for a target that is replaced.',
    },
    incremental: {
      type: 'object',
      additionalProperties: false,
      required: ['parameter', 'value'],
      description:
        'Ask only for what is new: the greatest `value` of the last complete read is sent as a parameter.',
      properties: {
        parameter: { type: 'string', minLength: 1 },
        value: jqOption('jq on a record: a text or number that grows, e.g. `.lastModified`.'),
      },
    },
    confirm: confirmOptions,
    ...readProperties,
  },
}

interface Place extends NotedIds {
  /** The page to go on with; absent: all are read. */
  readonly page?: PageRequest
  readonly number: number
  /** Of that page. */
  readonly done: number
  readonly etag?: string
  readonly lastModified?: string
  readonly greatest?: string | number
}

/** Most bytes of a page of JSON: it is in memory as a whole. */
const mostOfPage = 50_000_000

export function httpSource(requester: HttpRequester, options: JsonObject, host: ConnectorHost): Source {
  const pager = pagerOf(options.pagination)
  const items = expression(
    typeof options.items === 'string' ? options.items : 'if type == "array" then .[] else . end',
    'items',
  )
  const incremental = isObject(options.incremental) ? options.incremental : undefined
  const value = incremental && expression(String(incremental.value), 'incremental.value')
  const idOf = isObject(options.confirm)
    ? expression(String(options.confirm.id ?? '.id'), 'confirm.id')
    : undefined
  const plain = typeof options.format === 'string' && options.format !== 'json'

  async function* read(request: ReadRequest): AsyncGenerator<SourceBatch> {
    const { position, since, batchSize, signal } = request
    const earlier = isObject(since) ? (since as unknown as Place) : undefined
    let place: Place = isObject(position)
      ? (position as unknown as Place)
      : {
          page: pager.first,
          number: 1,
          done: 0,
          ...(earlier?.greatest !== undefined && { greatest: earlier.greatest }),
        }
    const guard = new LoopGuard(Number(options.maxPages ?? 10_000))
    while (place.page) {
      const { page, number } = place
      guard.ask(page, number)
      const answer = await ask(page, earlier, number === 1, signal)
      if (answer === undefined) {
        const kept = earlier as Place
        yield batchOf([], '', { ...kept, number, done: 0, page: undefined } as unknown as Place)
        return
      }
      const records = items.all(answer.body)
      if (pager.counts) guard.answer(records, number)
      const next = resolved(
        pager.next({
          request: page,
          number,
          items: records.length,
          body: answer.body,
          headers: answer.headers,
        }),
        answer.uri,
      )
      const validators = number === 1 ? validatorsOf(answer.headers) : {}
      for (let at = place.done; at < records.length || at === 0; at += batchSize) {
        const piece = records.slice(at, at + batchSize)
        const done = Math.min(at + batchSize, records.length)
        const noted: NotedIds = idOf
          ? await noteIds(
              host,
              place,
              piece.map((it) => idOf.first(it)),
            )
          : {}
        place = {
          ...place,
          ...validators,
          ...noted,
          ...greatestOf(piece, place),
          ...(done < records.length ? { done } : { done: 0, number: number + 1, page: next as PageRequest }),
        }
        if (done >= records.length && !next) {
          const { page: _last, ...ended } = place
          place = ended
        }
        yield batchOf(piece, `page ${number}, item `, place, at)
        if (records.length === 0) break
      }
      // It was interrupted just at the end of a page.
      if (place.page === page && place.number === number) {
        const { page: _read, ...rest } = place
        place = next ? { ...rest, page: next, number: number + 1, done: 0 } : rest
      }
    }
  }

  const greatestOf = (records: readonly Json[], { greatest }: Place): Partial<Place> => {
    if (!value) return {}
    let most = greatest
    for (const record of records) {
      const found = value.first(record)
      if ((typeof found === 'string' || typeof found === 'number') && (most === undefined || found > most))
        most = found
    }
    return most === undefined ? {} : { greatest: most }
  }

  const requestOf = (page: PageRequest, earlier: Place | undefined, first: boolean) => {
    const body = options.body
    const conditional = first && options.changedOnly === true
    const own: JsonObject = page.address === undefined ? { ...(options.query as JsonObject | undefined) } : {}
    if (incremental && earlier?.greatest !== undefined && page.address === undefined) {
      own[String(incremental.parameter)] = earlier.greatest
    }
    return {
      method: typeof options.method === 'string' ? options.method : 'GET',
      uri: requester.address(page.address ?? String(options.path ?? ''), { ...own, ...page.query }),
      headers: {
        ...(options.headers as { [name: string]: string } | undefined),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(conditional && earlier?.etag !== undefined && { 'if-none-match': earlier.etag }),
        ...(conditional &&
          earlier?.lastModified !== undefined && { 'if-modified-since': earlier.lastModified }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
  }

  /** `undefined`: nothing has changed. */
  const ask = async (page: PageRequest, earlier: Place | undefined, first: boolean, signal: AbortSignal) => {
    const asked = requestOf(page, earlier, first)
    const { status, body, headers } = await sendUnlessUnchanged(requester, asked, signal)
    if (status === 304) return undefined
    let parsed: Json
    try {
      parsed = body.byteLength === 0 ? null : (JSON.parse(Buffer.from(body).toString()) as Json)
    } catch {
      throw fault(
        'communication',
        `${new URL(asked.uri).origin} answered ${status}, but with no JSON: give \`format\`, or see whether it is a page that asks to sign in.`,
      )
    }
    return { body: parsed, headers, uri: asked.uri }
  }

  /** One document, of any size and format: by way of a file. */
  async function* readWhole({
    position,
    since,
    batchSize,
    signal,
  }: ReadRequest): AsyncGenerator<SourceBatch> {
    const earlier = isObject(since) ? (since as unknown as Place) : undefined
    const start = isObject(position) ? (position as unknown as Place) : undefined
    await mkdir(host.dataFolder, { recursive: true })
    const file = join(host.dataFolder, `http-${randomUUID()}`)
    try {
      const asked = requestOf({ query: {} }, start ? undefined : earlier, true)
      const { status, headers } = await sendUnlessUnchanged(requester, { ...asked, saveTo: file }, signal)
      if (status === 304) {
        yield batchOf([], '', earlier as Place)
        return
      }
      const validators = validatorsOf(headers)
      const name = new URL(asked.uri).pathname.split('/').pop() || 'the answer'
      const how = documentOptions(options, name, headers['content-type'])
      const document = { name, file, bytes: () => createReadStream(file) as AsyncIterable<Uint8Array> }
      let done = start?.done ?? 0
      let any = false
      const request = { batchSize, skip: done, signal, dataFolder: host.dataFolder }
      for await (const batch of readDocument(document, how, request)) {
        done = batch.done
        any = true
        yield {
          records: batch.records,
          bad: batch.bad,
          origin: batch.origin,
          position: { number: 1, done, ...validators },
        }
      }
      if (!any) yield batchOf([], '', { number: 1, done, ...validators })
    } finally {
      await rm(file, { force: true })
    }
  }

  return {
    read: (request) => (plain ? readWhole(request) : read(request)),
    ...(isObject(options.confirm) && {
      confirm: (position: Json, signal: AbortSignal) =>
        confirmIds(requester, options.confirm as JsonObject, host, position, signal),
    }),
  }
}

/** An address that a page gives is relative to its own (RFC 3986, section 5). */
function resolved(next: PageRequest | undefined, uri: string): PageRequest | undefined {
  if (next?.address === undefined) return next
  if (URL.canParse(next.address, uri)) return { ...next, address: new URL(next.address, uri).href }
  throw fault('validation', 'The address of the next page is none.')
}

async function sendUnlessUnchanged(
  requester: HttpRequester,
  asked: Parameters<HttpRequester['send']>[0],
  signal: AbortSignal,
) {
  try {
    return await requester.send(
      { ...asked, maxBytes: asked.saveTo === undefined ? mostOfPage : 10_000_000_000 },
      signal,
    )
  } catch (error) {
    const status = (error as { problem?: { status?: unknown } }).problem?.status
    if (status !== 304) throw error
    return { status: 304, body: new Uint8Array(), headers: {} as { [name: string]: string } }
  }
}

const validatorsOf = ({ etag, 'last-modified': lastModified }: { readonly [name: string]: string }) => ({
  ...(etag !== undefined && { etag }),
  ...(lastModified !== undefined && { lastModified }),
})

const batchOf = (records: readonly Json[], origin: string, place: Place, first = 0): SourceBatch => ({
  records,
  origin: (index) => `${origin}${first + index + 1}`,
  bad: [],
  position: JSON.parse(JSON.stringify(place)) as Json,
})
