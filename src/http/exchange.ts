import type { Readable, Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { passBody, readBody, saveBody } from './bodies.ts'
import type { HttpRequest } from './client.ts'
import type { SentHeaders } from './headers.ts'

/** One request and its answer on the wire: no redirects, no authentication, no opinion about the status. */
export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: SentHeaders
  readonly body: string | Uint8Array | undefined
  /** Most bytes of a successful answer's body, decompressed. */
  readonly maxBytes: number
  /** Where a successful answer's body goes instead of memory. */
  readonly saveTo?: string | undefined
  /** Who gets a successful answer's body as it comes, instead of memory. */
  readonly onChunk?: HttpRequest['onChunk'] | undefined
  /** Keep the whole body whatever the status; else that of an unsuccessful answer is cut short. */
  readonly anyStatus?: HttpRequest['anyStatus'] | undefined
}

/** Whether an unsuccessful status is an answer all the same. */
export const takes = (anyStatus: HttpRequest['anyStatus'] | undefined, status: number): boolean =>
  typeof anyStatus === 'object' ? anyStatus.includes(status) : (anyStatus ?? false)

export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array
  readonly bytes: number
}

/** How much of an unsuccessful answer is kept: it only serves to explain. */
const mostOfAnError = 64 * 1024

export async function exchange(
  asked: Exchange,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Answer> {
  const { url } = asked
  const answer = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: asked.method,
    headers: asked.headers,
    body: asked.body ?? null,
    ...(asked.onChunk && { headersTimeout: 0, bodyTimeout: 0 }),
    signal,
  })
  const headers = joined(answer.headers)
  const status = answer.statusCode
  const head = { status, statusText: answer.statusText, headers }
  const stream = decompressed(answer.body, headers['content-encoding'])
  const success = takes(asked.anyStatus, status) || (status >= 200 && status < 300)
  if (success && asked.saveTo !== undefined) {
    return {
      ...head,
      body: new Uint8Array(),
      bytes: await saveBody(stream, asked.saveTo, asked.maxBytes, signal),
    }
  }
  const { onChunk } = asked
  if (success && onChunk) {
    const bytes = await passBody(stream, (chunk) => onChunk(chunk, headers), signal)
    return { ...head, body: new Uint8Array(), bytes }
  }
  const body = await readBody(
    stream,
    success ? asked.maxBytes : mostOfAnError,
    success ? 'refuse' : 'cut',
    signal,
  )
  return { ...head, body, bytes: body.length }
}

function joined(headers: { readonly [name: string]: string | string[] | undefined }): {
  [name: string]: string
} {
  const result: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ')
  }
  return result
}

/** The body without its content codings (RFC 9110, section 8.4.1), undone last to first. An unknown one is left. */
function decompressed(body: Readable, encoding = ''): readonly Readable[] {
  const codings = encoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
  const stages: Transform[] = []
  // Two are more than any honest server applies; a long chain is a way to make us work.
  if (codings.length > 2 || codings.some((coding) => !decoders[coding])) return [body]
  for (const coding of codings.reverse()) stages.push((decoders[coding] as () => Transform)())
  return [body, ...stages]
}

const decoders: { readonly [coding: string]: () => Transform } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}
