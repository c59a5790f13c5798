import { errorTable, SluseError, type ErrorCode } from '../errors.ts'

const timeoutMs = 30_000

/**
 * One request to the server's API. Throws the server's own error by its code, or `SLUSE-SERVER` where nothing that
 * is a Sluse server answers.
 */
export async function callServer<T>(
  server: string,
  method: 'GET' | 'POST',
  path: string,
  { query = {}, body }: { query?: { readonly [name: string]: unknown }; body?: unknown } = {},
): Promise<T> {
  const url = new URL(path, `${server}/`)
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'string') url.searchParams.set(name, value)
  }
  let status: number
  let answer: unknown
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    status = response.status
    answer = await response.json()
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    throw new SluseError('SLUSE-SERVER', `${server}: ${cause?.code ?? (error as Error).message}.`, {
      cause: error,
    })
  }
  if (status >= 200 && status < 300) return answer as T
  const { code, detail } = (answer ?? {}) as { code?: unknown; detail?: unknown }
  if (typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    throw new SluseError(code as ErrorCode, typeof detail === 'string' ? detail : '')
  }
  throw new SluseError('SLUSE-SERVER', `${server} answers with ${status}, and not as this program does.`)
}
