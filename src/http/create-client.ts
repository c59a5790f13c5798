import { fault, problemOf } from '../workflow/index.ts'
import { parseAddress } from './addresses.ts'
import { createAuthentication } from './authentication/index.ts'
import type { Access, HttpClient, HttpRequest, HttpSettings, UnderPolicies } from './client.ts'
import { raced, withDeadline } from './deadline.ts'
import { dispatchers } from './dispatchers.ts'
import { type Answer, exchange, takes, type Exchange } from './exchange.ts'
import { ExchangeError, statusFault, transportFault } from './faults.ts'
import { checkedHeaders, shownHeaders, withoutCredentials } from './headers.ts'
import { maskFor } from './masking.ts'
import { redirectOf } from './redirects.ts'
import { targetRules } from './target-rules.ts'

const defaults = {
  totalTimeoutMs: 5 * 60_000,
  maxResponseBytes: 10_000_000,
  maxFileBytes: 10_000_000_000,
}

/** Most redirects that are followed for one request. */
const mostRedirects = 10

/** `underPolicies` is for what is asked on the way to a call: tokens, and how an OpenID provider is set up. */
export function createHttpClient(settings: HttpSettings = {}, underPolicies?: UnderPolicies): HttpClient {
  const rules = targetRules(settings)
  const pools = dispatchers(settings, rules.lookup)
  const totalMs = settings.totalTimeoutMs ?? defaults.totalTimeoutMs
  const maxResponseBytes = settings.maxResponseBytes ?? defaults.maxResponseBytes
  const maxFileBytes = settings.maxFileBytes ?? defaults.maxFileBytes

  /** One exchange with a system that may be called. Throws `transportFault`, or the refusal. */
  const guarded = async (
    asked: Exchange,
    mask: (text: string) => string,
    signal: AbortSignal,
  ): Promise<Answer> => {
    rules.check(asked.url)
    if (pools.proxied) await rules.checkAddresses(asked.url)
    try {
      return await exchange(asked, pools.for(asked.url), signal)
    } catch (error) {
      if (signal.aborted && !(signal.reason instanceof ExchangeError)) throw signal.reason
      // A refusal of the name service comes wrapped: it is the answer.
      throw refusalIn(error) ?? transportFault(signal.aborted ? signal.reason : error, asked, mask)
    }
  }

  const authentication = createAuthentication({
    // Token requests go the same way: guarded, bounded, timed, never redirected.
    exchange: (asked, mask, signal) => {
      const ask = (within: AbortSignal) =>
        withDeadline(within, Math.min(totalMs, 30_000), (limited) =>
          guarded({ ...asked, maxBytes: 1_000_000, anyStatus: true }, mask, limited),
        )
      if (!underPolicies) return ask(signal)
      return underPolicies(
        asked.url.href,
        { repeatable: () => isHarmless(asked), signal },
        async (within) => {
          const answer = await ask(within)
          if (answer.status >= 500 || answer.status === 429) throw statusFault(answer, asked, mask)
          return answer
        },
      )
    },
  })

  const send = async (request: HttpRequest, access: Access, signal: AbortSignal) => {
    const { url, userinfo } = parseAddress(request.uri)
    const policy = request.authentication ?? userinfo
    const authenticator =
      policy === undefined ? undefined : await authentication.authenticator(policy, access)
    let held = authenticator?.secrets() ?? []
    const newMask = () => maskFor(access.secrets, ...(request.hidden ?? []), ...held)
    let mask = newMask()

    let asked: Exchange = {
      method: checkedMethod(request.method),
      url,
      headers: { ...defaultHeaders, ...checkedHeaders(request.headers ?? {}) },
      body: request.body,
      maxBytes: request.maxBytes ?? (request.saveTo === undefined ? maxResponseBytes : maxFileBytes),
      saveTo: request.saveTo,
      onChunk: request.onChunk,
      anyStatus: request.anyStatus,
    }
    let credentials = authenticator
    for (let redirects = 0; ; redirects += 1) {
      const hop = asked
      const perform = (headers: { [name: string]: string }) =>
        guarded({ ...hop, headers: { ...hop.headers, ...headers } }, mask, signal)
      const answer = credentials ? await credentials.perform(hop, perform, signal) : await perform({})
      // A token that was obtained meanwhile is a secret too.
      const heldNow = credentials?.secrets() ?? held
      if (heldNow.length !== held.length) {
        held = heldNow
        mask = newMask()
      }

      const next = request.redirect ? redirectOf(answer, hop) : undefined
      if (next) {
        if (redirects === mostRedirects) {
          throw transportFault(new ExchangeError('SLUSE_REDIRECTS'), hop, mask)
        }
        if (next.url.origin !== hop.url.origin) {
          credentials = undefined
          asked = { ...hop, ...next, headers: withoutCredentials(next.headers ?? hop.headers, mask) }
        } else asked = { ...hop, ...next }
        continue
      }
      const success = answer.status >= 200 && answer.status < (request.redirect ? 400 : 300)
      if (!success && !takes(request.anyStatus, answer.status)) throw statusFault(answer, hop, mask)
      return {
        ...answer,
        request: { method: hop.method, uri: mask(hop.url.href), headers: shownHeaders(hop.headers, mask) },
      }
    }
  }

  return {
    send: (request, access) =>
      (request.onChunk
        ? raced(send(request, access, access.signal), access.signal)
        : withDeadline(access.signal, totalMs, (signal) => send(request, access, signal))
      ).catch((error: unknown) => {
        throw access.signal.aborted || problemOf(error) ? error : unexpected(error, request)
      }),
    authorize: (policy, access, target) =>
      withDeadline(access.signal, totalMs, async (signal) => {
        const authenticator = await authentication.authenticator(policy, access)
        return authenticator.authorize(target, signal)
      }).catch((error: unknown) => {
        if (!(error instanceof ExchangeError)) throw error
        throw fault('authentication', `No token was obtained: ${error.message}.`)
      }),
    async close() {
      authentication.close()
      await pools.close()
    },
  }
}

const defaultHeaders = {
  accept: 'application/json, */*;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
  'user-agent': 'sluse',
}

/** One token more is no harm. A code or a refresh token is good for one request (RFC 6749, 4.1.2 and 10.4). */
function isHarmless({ method, body }: Pick<Exchange, 'method' | 'body'>): boolean {
  return method === 'GET' || !/authorization_code|refresh_token/.test(String(body ?? ''))
}

function checkedMethod(method: string): string {
  const upper = method.toUpperCase()
  // CONNECT would open a tunnel, TRACE echoes credentials.
  if (!/^[A-Z][A-Z-]{0,31}$/.test(upper) || upper === 'CONNECT' || upper === 'TRACE') {
    throw fault(
      'configuration',
      `${JSON.stringify(method.slice(0, 40))} is not an HTTP method that can be used.`,
    )
  }
  return upper
}

function refusalIn(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if (problemOf(at)) return at
  }
  return undefined
}

/** The deadline fell between two exchanges: while a token was fetched, say. */
function unexpected(error: unknown, request: HttpRequest): unknown {
  if (!(error instanceof ExchangeError)) return error
  const { url } = parseAddress(request.uri)
  return transportFault(error, { method: request.method.toUpperCase(), url }, (text) => text)
}
