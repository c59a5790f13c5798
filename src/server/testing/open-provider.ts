import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Provider from 'oidc-provider'

/** What the provider tells of somebody. */
export interface Account {
  readonly name: string
  readonly groups: readonly string[]
  readonly email?: string
  readonly email_verified?: boolean
}

export interface TestProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly accounts: Map<string, Account>
  /** Lets the server at this address send people here. */
  trust(url: string): void
  /** Sets its clock wrong by so many milliseconds, for the tokens that it gives. */
  setClock(off: number): void
  /** A browser with cookies of its own, in which `account` signs in at the provider. */
  browser(account: string): Browser
  close(): Promise<void>
}

export interface Browser {
  readonly cookies: Map<string, string>
  /** One request, without following redirects, with the cookies of the address. */
  go(url: string, init?: RequestInit): Promise<Response>
  /** Goes to sign-in of the server and follows until it is back; gives the last answer. */
  signIn(server: string, returnTo?: string): Promise<Response>
}

/** A real OpenID provider on a free port, in which a click on "sign in" is all that it takes. */
export async function openProvider(): Promise<TestProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    response.end()
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clientSecret = 'a secret of more than thirty-two letters'
  const accounts = new Map<string, Account>()
  const client = {
    client_id: 'sluse',
    client_secret: clientSecret,
    redirect_uris: [] as string[],
    post_logout_redirect_uris: [] as string[],
    id_token_signed_response_alg: 'ES256' as const,
    scope: 'openid profile email',
  }
  const claims = { profile: ['name', 'groups'], email: ['email', 'email_verified'] }
  const jwks = {
    keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })],
  }
  let provider: Provider
  let clockOff = 0
  const start = () => {
    provider = new Provider(issuer, {
      clients: client.redirect_uris.length > 0 ? [client] : [],
      claims,
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true, logoutSource } },
      pkce: { required: () => true },
      cookies: { keys: ['test'] },
      jwks,
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, ...accounts.get(id), groups: [...(accounts.get(id)?.groups ?? [])] }),
      }),
    })
    const callback = provider.callback()
    handle = (request, response) => {
      if (request.url?.startsWith('/interaction/')) void interact(provider, request, response)
      else {
        if (clockOff !== 0 && request.url === '/token') withClock(clockOff, response)
        void callback(request, response)
      }
    }
  }
  start()

  return {
    issuer,
    clientId: client.client_id,
    clientSecret,
    accounts,
    trust: (url) => {
      client.redirect_uris.push(`${url}/auth/callback`)
      client.post_logout_redirect_uris.push(`${url}/`)
      start()
    },
    setClock: (off) => (clockOff = off),
    browser: (account) => openBrowser(account),
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** It runs in this process, and so by its clock: that is wrong until the answer is written. */
function withClock(off: number, response: ServerResponse): void {
  const { now } = Date
  Date.now = () => now() + off
  response.once('finish', () => (Date.now = now))
}

/** Signs in and agrees: as who the test says that the browser is, else as who fills in the page. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response)
  const given = await filledIn(request)
  if (given.has('refuse')) return provider.interactionFinished(request, response, { error: 'access_denied' })
  const accountId = String(request.headers['x-test-account'] ?? given.get('account') ?? '')
  if (accountId === '') {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(signInPage)
    return
  }
  const grant = new provider.Grant({ accountId, clientId: String(details.params['client_id']) })
  grant.addOIDCScope(String(details.params['scope']))
  const grantId = await grant.save()
  await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } })
}

const signInPage = `<!doctype html><html lang="en"><title>Provider</title>
<form method="post"><label>Account <input name="account" required></label><button>Sign in</button>
<button name="refuse" value="yes" formnovalidate>Refuse</button></form>`

/** Where one says that the provider is to forget the browser, too; `form` is the provider's own. */
function logoutSource(context: { body: unknown }, form: string): void {
  context.body = `<!doctype html><html lang="en"><title>Provider</title>${form}
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`
}

/** What was filled in on the provider's page; nothing before it was. */
async function filledIn(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams(request.method === 'POST' ? await text(request) : '')
}

function openBrowser(account: string): Browser {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (url: string) => {
    const { origin } = new URL(url)
    const jar = jars.get(origin) ?? new Map<string, string>()
    jars.set(origin, jar)
    return jar
  }
  const cookies = new Map<string, string>()
  const go = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const jar = jarOf(url)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(init.headers as { [name: string]: string }), cookie, 'x-test-account': account }
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }
  return {
    cookies,
    go,
    signIn: async (server, returnTo = '/api/v1/me') => {
      jars.set(new URL(server).origin, cookies)
      let answer = await go(`${server}/auth/sign-in?return=${encodeURIComponent(returnTo)}`)
      let at = server
      for (let hop = 0; hop < 10 && answer.status >= 300 && answer.status < 400; hop++) {
        at = new URL(answer.headers.get('location') ?? '/', at).href
        answer = await go(at)
      }
      return answer
    },
  }
}
