import type { Answer, Exchange } from './exchange.ts'
import type { SentHeaders } from './headers.ts'

/**
 * Where an answer sends us on to (RFC 9110, section 15.4), or `undefined` where it is not followed: GET and HEAD
 * are repeated, and 303 turns any other method into GET. Another method is never sent a second time unasked.
 */
export function redirectOf(
  answer: Answer,
  asked: Exchange,
): { url: URL; method: string; body: Exchange['body']; headers?: SentHeaders } | undefined {
  const location = answer.headers['location']
  if (location === undefined || ![301, 302, 303, 307, 308].includes(answer.status)) return undefined
  const url = resolve(location, asked.url)
  if (!url) return undefined
  const { method } = asked
  if (method === 'GET' || method === 'HEAD') return { url, method, body: asked.body }
  if (answer.status !== 303) return undefined
  const headers = Object.entries(asked.headers).filter(([name]) => !name.startsWith('content-'))
  return { url, method: 'GET', body: undefined, headers: Object.fromEntries(headers) }
}

function resolve(location: string, base: URL): URL | undefined {
  try {
    const url = new URL(location, base)
    // A server must not hand us credentials for another, nor lead us out of HTTP.
    url.username = ''
    url.password = ''
    url.hash = ''
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
  } catch {
    return undefined
  }
}
