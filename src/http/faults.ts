import { STATUS_CODES } from 'node:http'
import { fault, type WorkflowFault } from '../workflow/index.ts'
import type { Mask } from './masking.ts'
import { networkReasons } from './network-reasons.ts'

/** Most characters of an answer's body that a fault repeats. */
const excerptLength = 500

/** The service answered, but not with success (dsl.md, "Errors": a problem in a call is `communication`). */
export function statusFault(
  answer: {
    status: number
    statusText: string
    headers: { readonly [name: string]: string }
    body: Uint8Array
  },
  asked: { method: string; url: URL },
  mask: Mask,
): WorkflowFault {
  const title = mask(answer.statusText) || STATUS_CODES[answer.status] || 'Communication Error'
  const excerpt = bodyExcerpt(answer.body, answer.headers['content-type'] ?? '', mask)
  const retryAfter = answer.headers['retry-after']
  return fault(
    'communication',
    `${asked.method} ${shownAddress(asked.url, mask)} answered ${answer.status} ${title}${excerpt && `: ${excerpt}`}`,
    { status: answer.status, title, ...(retryAfter === undefined ? {} : { retryAfter }) },
  )
}

/** No answer came, or not a whole one. `cause` is a code such as ECONNREFUSED, for people and for matching. */
export function transportFault(
  error: unknown,
  asked: { method: string; url: URL },
  mask: Mask,
): WorkflowFault {
  const { code, message } = rootOf(error)
  const what = explanations[code] ?? message
  return fault(
    'communication',
    `${asked.method} ${shownAddress(asked.url, mask)}: ${mask(what)} (${code}, host ${asked.url.host})`,
    { cause: code, host: asked.url.host },
  )
}

/** Origin and path alone: user, query and fragment are where credentials hide. */
export function shownAddress(url: URL, mask: Mask): string {
  return mask(`${url.origin}${url.pathname}`)
}

const explanations: { readonly [code: string]: string } = {
  ...networkReasons,
  UND_ERR_CONNECT_TIMEOUT: 'no connection within the time allowed',
  UND_ERR_HEADERS_TIMEOUT: 'no answer within the time allowed',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped coming',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is not as long as it says',
  SLUSE_TOTAL_TIMEOUT: 'the exchange was not over within the time allowed',
  SLUSE_TOO_LARGE: 'the answer is larger than allowed',
  SLUSE_REDIRECTS: 'there were too many redirects',
}

/** An error of our own that `transportFault` explains by its code. */
export class ExchangeError extends Error {
  readonly code: string

  constructor(code: string, message = explanations[code] ?? code) {
    super(message)
    this.name = 'ExchangeError'
    this.code = code
  }
}

function rootOf(error: unknown): { code: string; message: string } {
  let found = { code: 'UNKNOWN', message: String(error) }
  const seen = new Set<unknown>()
  for (let at = error; at instanceof Error && !seen.has(at); at = nextCause(at)) {
    seen.add(at)
    const code = (at as { code?: unknown }).code
    // The innermost code says most: a socket error that undici wrapped, one address of several that were tried.
    if (typeof code === 'string') found = { code, message: at.message || (explanations[code] ?? code) }
    else if (found.code === 'UNKNOWN') found = { code: at.name, message: at.message }
  }
  return found
}

const nextCause = (error: Error): unknown =>
  error instanceof AggregateError ? (error.errors[0] ?? error.cause) : error.cause

function bodyExcerpt(body: Uint8Array, type: string, mask: Mask): string {
  if (body.length === 0 || !(type === '' || /json|text|xml/i.test(type))) return ''
  // Mask before cutting, so that half a secret never stands at the end.
  const text = mask(new TextDecoder().decode(body))
    .replace(/[\x00-\x1f\x7f\s]+/g, ' ')
    .trim()
  return text.length > excerptLength ? `${text.slice(0, excerptLength)}…` : text
}
