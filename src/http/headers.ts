import { fault } from '../workflow/index.ts'
import type { Mask } from './masking.ts'

export type SentHeaders = { [name: string]: string }

/**
 * Checked headers with lower-case names. A name or value that could break out of its line, or that frames the
 * message (RFC 9112: request smuggling), is refused: such values come from data.
 */
export function checkedHeaders(given: { readonly [name: string]: string | readonly string[] }): SentHeaders {
  const headers: SentHeaders = {}
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) {
      throw fault('validation', `${JSON.stringify(name.slice(0, 80))} is not a name of an HTTP header.`)
    }
    if (framing.has(lower)) {
      throw fault('validation', `The header '${lower}' is set by the client itself and cannot be given.`)
    }
    const text = typeof value === 'string' ? value : value.join(lower === 'cookie' ? '; ' : ', ')
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
      throw fault(
        'validation',
        `The value of the header '${lower}' holds a character that a header cannot carry (a line break, a control character or one beyond Latin-1).`,
      )
    }
    headers[lower] = text.trim()
  }
  return headers
}

const framing = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Headers that must not follow a redirect to another origin: credentials by name, or by holding a secret. */
export function withoutCredentials(headers: SentHeaders, mask: Mask): SentHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !carriesCredentials(name) && mask(value) === value),
  )
}

/** The headers as they may be shown and stored. */
export function shownHeaders(headers: SentHeaders, mask: Mask): SentHeaders {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== 'authorization' && name !== 'cookie')
      .map(([name, value]) => [name, carriesCredentials(name) ? '***' : mask(value)]),
  )
}

const carriesCredentials = (name: string): boolean =>
  /^(authorization|cookie|proxy-authorization)$|api[-_]?key|token|secret|password|subscription-key|signature/.test(
    name,
  )
