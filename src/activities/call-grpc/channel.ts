import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { maskFor, type SocketRules } from '../../http/index.ts'
import { problemOf, type Json } from '../../workflow/index.ts'
import { frame, readFrames, TooLarge } from './frames.ts'
import { codeOfHttp, grpcCodes, grpcFault } from './status.ts'

/** gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): one connection per target, kept for a while. */
export interface Channels {
  /** The messages that came back, in order. Throws a `communication` fault with the HTTP status that fits. */
  call(request: GrpcRequest): Promise<Uint8Array[]>
  close(): Promise<void>
}

export interface GrpcRequest {
  readonly host: string
  readonly authority: string
  readonly tls: boolean
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly messages: readonly Uint8Array[]
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Masked in what a fault says. */
  readonly secrets: { readonly [name: string]: Json }
}

interface Limits {
  readonly connectTimeoutMs: number
  /** Of all messages of an answer together. */
  readonly maxBytes: number
}

const idleMs = 60_000

export function openChannels(rules: SocketRules, limits: Limits): Channels {
  const sessions = new Map<string, Promise<ClientHttp2Session>>()

  const sessionFor = (request: GrpcRequest): Promise<ClientHttp2Session> => {
    const origin = `${request.tls ? 'https' : 'http'}://${request.authority}`
    const known = sessions.get(origin)
    if (known) return known
    const opening = open(origin, request, rules, limits.connectTimeoutMs)
    const forget = () => {
      if (sessions.get(origin) === opening) sessions.delete(origin)
    }
    sessions.set(origin, opening)
    opening.then((session) => {
      session.on('close', forget).on('goaway', forget)
      // A connection that carries nothing is let go of; one that closes takes no more calls.
      session.setTimeout(idleMs, () => {
        forget()
        session.close()
      })
    }, forget)
    return opening
  }

  return {
    async call(request) {
      const what = `gRPC ${request.authority}${request.path}`
      const mask = maskFor(request.secrets)
      await rules.check(request.host)
      let stop: (reason: unknown) => void = () => {}
      const stopped = new Promise<never>((_, reject) => (stop = reject))
      stopped.catch(() => {})
      const timer = setTimeout(
        () =>
          stop(
            grpcFault(
              grpcCodes.deadlineExceeded,
              what,
              `no answer within ${request.timeoutMs / 1000} seconds`,
            ),
          ),
        request.timeoutMs,
      )
      const onAbort = () => stop(request.signal.reason)
      request.signal.addEventListener('abort', onAbort)
      if (request.signal.aborted) onAbort()
      let stream: ClientHttp2Stream | undefined
      try {
        const session = await Promise.race([sessionFor(request), stopped]).catch((error: unknown) => {
          if (request.signal.aborted || problemOf(error)) throw error
          throw refusalIn(error) ?? grpcFault(grpcCodes.unavailable, what, reasonOf(error))
        })
        stream = session.request({
          ':method': 'POST',
          ':path': request.path,
          'content-type': 'application/grpc',
          te: 'trailers',
          'grpc-accept-encoding': 'identity, gzip',
          'grpc-timeout': `${Math.min(request.timeoutMs, 99_999_999)}m`,
          'user-agent': 'sluse',
          ...request.headers,
        })
        return await Promise.race([exchange(stream, request.messages, limits.maxBytes, what, mask), stopped])
      } finally {
        clearTimeout(timer)
        request.signal.removeEventListener('abort', onAbort)
        // RST_STREAM with CANCEL tells the server to stop where it has not ended by itself.
        if (stream && !stream.closed) stream.close(8)
      }
    },

    async close() {
      const open = await Promise.allSettled(sessions.values())
      for (const each of open) if (each.status === 'fulfilled') each.value.destroy()
    },
  }
}

async function open(
  origin: string,
  { host, tls }: GrpcRequest,
  rules: SocketRules,
  timeoutMs: number,
): Promise<ClientHttp2Session> {
  const options = { lookup: rules.lookup, ...(tls && rules.tls(host)) }
  // Options of the socket pass through; the types of Node.js know those of TLS alone.
  const session = connect(origin, options as SecureClientSessionOptions)
  session.unref()
  try {
    await once(session, 'connect', { signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    session.destroy()
    throw (error as Error).name === 'AbortError' ? new Error('no connection within the time allowed') : error
  }
  session.on('error', () => {})
  return session
}

async function exchange(
  stream: ClientHttp2Stream,
  messages: readonly Uint8Array[],
  maxBytes: number,
  what: string,
  mask: (text: string) => string,
): Promise<Uint8Array[]> {
  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  let broken: Error | undefined
  stream.on('response', (given: IncomingHttpHeaders) => (headers = given))
  stream.on('trailers', (given: IncomingHttpHeaders) => (trailers = given))
  stream.on('error', (error: Error) => (broken = error))
  Readable.from(messages.map(frame), { objectMode: true }).pipe(stream)
  const frames = readFrames(stream, () => String(headers['grpc-encoding'] ?? 'identity'), maxBytes)
  let received: Uint8Array[] = []
  let failure: unknown
  try {
    received = await frames
  } catch (error) {
    failure = error
  }
  const status = Number(headers[':status'] ?? 200)
  // The last word is in the trailers, or in the headers where there is nothing but them.
  const code = (trailers['grpc-status'] ?? headers['grpc-status'])?.toString()
  if (code !== undefined) {
    if (code === '0' && failure === undefined) return received
    if (code !== '0')
      throw grpcFault(
        Number(code),
        what,
        mask(messageIn(trailers['grpc-message'] ?? headers['grpc-message'])),
      )
  }
  if (status !== 200) throw grpcFault(codeOfHttp(status), what, `the answer was HTTP ${status}`)
  if (failure instanceof TooLarge) throw grpcFault(grpcCodes.resourceExhausted, what, failure.message)
  throw grpcFault(grpcCodes.unavailable, what, reasonOf(broken ?? failure) || 'the answer broke off')
}

/** Percent-encoded, and never to be trusted to be. */
function messageIn(header: string | string[] | undefined): string {
  const text = String(header ?? '').slice(0, 2000)
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The name service may have refused the address: that is the answer. */
function refusalIn(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if (problemOf(at)) return at
  }
  return undefined
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ')
}
