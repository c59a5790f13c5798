import { packageVersion, type Settings } from '../config/index.ts'
import { errorTable, SluseError, type ErrorCode } from '../errors.ts'

const timeoutMs = 30_000

/**
 * One request to the server's API. Throws the server's own error by its code, or `SLUSE-SERVER` where nothing that
 * is a Sluse server answers.
 */
export async function callServer<T>(
  to: ServerSettings,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  { query = {}, body }: { query?: { readonly [name: string]: unknown }; body?: unknown } = {},
): Promise<T> {
  const answer = await request(to, method, path, query, body)
  const { status } = answer
  const value = status === 204 ? undefined : await answer.json().catch(() => undefined)
  if (answer.ok) return value as T
  throw failureOf(to.url, status, value)
}

/** The text that a request gives, a piece at a time: it may be long. */
export async function* readServer(
  to: ServerSettings,
  path: string,
  query: { readonly [name: string]: unknown } = {},
): AsyncIterable<string> {
  const answer = await request(to, 'GET', path, query, undefined)
  if (!answer.ok) throw failureOf(to.url, answer.status, await answer.json().catch(() => undefined))
  if (answer.body) yield* answer.body.pipeThrough(new TextDecoderStream())
}

/** Where the server is, and the key with which one may speak to it. */
export type ServerSettings = Pick<Settings, 'url' | 'token'>

async function request(
  { url: server, token }: ServerSettings,
  method: string,
  path: string,
  query: { readonly [name: string]: unknown },
  body: unknown,
): Promise<Response> {
  const url = new URL(path, `${server}/`)
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'string') url.searchParams.set(name, value)
  }
  try {
    return await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      // A key is for this server alone.
      redirect: 'error',
      headers: {
        'user-agent': `sluse-cli/${packageVersion()}`,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    throw new SluseError('SLUSE-SERVER', `${server}: ${cause?.code ?? (error as Error).message}.`, {
      cause: error,
    })
  }
}

function failureOf(server: string, status: number, answer: unknown): SluseError {
  const { code, detail } = (answer ?? {}) as { code?: unknown; detail?: unknown }
  if (typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    return new SluseError(code as ErrorCode, typeof detail === 'string' ? detail : '')
  }
  return new SluseError('SLUSE-SERVER', `${server} answers with ${status}, and not as this program does.`)
}
