import type { HttpRequest, HttpResponse } from '../../http/index.ts'
import { fault, problemOf, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ConnectionSettings, ConnectorHost } from '../connector.ts'

/** Requests below a connection's address, with its headers and credentials. */
export interface HttpRequester {
  /** The absolute address of a path, or of an address that must be of the same origin. */
  address(path: string, query?: JsonObject): string
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>
  check(signal: AbortSignal): Promise<string>
}

export function httpRequester(connection: ConnectionSettings, host: ConnectorHost): HttpRequester {
  const { metadata, headers, clientTls, name } = connection
  const given = String(metadata.url ?? metadata.baseUrl)
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw fault('configuration', `The address of ${name} is not one of http or https.`)
  }
  if (Object.keys(clientTls).length > 0) {
    throw fault(
      'configuration',
      `${name} has its own clientTLS; certificates are declared for all calls, in the settings \`httpClientCertificatesFile\` and \`httpAuthoritiesFile\`.`,
    )
  }
  const base = new URL(given)
  const authentication = policyOf(connection)
  const own: { [header: string]: string } = { ...headers }
  if (metadata.securityToken !== undefined) {
    own[String(metadata.securityTokenHeader ?? 'authorization')] = String(metadata.securityToken)
  }
  const hidden = [...Object.values(headers), String(metadata.securityToken ?? '')].filter(
    (value) => value.length > 3,
  )

  const address = (path: string, query: JsonObject = {}): string => {
    const root = base.href.endsWith('/') ? base.href : `${base.href}/`
    const url = /^https?:\/\//i.test(path)
      ? new URL(path)
      : path === ''
        ? new URL(base)
        : path.startsWith('?')
          ? new URL(path, base)
          : new URL(path.replace(/^\/+/, ''), root)
    if (url.origin !== base.origin) {
      throw fault('validation', `${name} leads to ${url.origin}, where its credentials must not go.`)
    }
    for (const [key, value] of Object.entries(query)) {
      if (value === null) continue
      url.searchParams.delete(key)
      for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(key, String(each))
    }
    return url.href
  }

  const send = (request: HttpRequest, signal: AbortSignal) =>
    host.http.send(
      {
        ...request,
        headers: { ...own, ...request.headers },
        ...(authentication !== undefined && { authentication }),
        hidden: [...hidden, ...(request.hidden ?? [])],
      },
      { secrets: {}, signal },
    )

  return {
    address,
    send,
    async check(signal) {
      const path = String(metadata.checkPath ?? '')
      const { status } = await send(
        { method: 'GET', uri: address(path), anyStatus: true, redirect: true },
        signal,
      )
      if (status === 401 || status === 403) {
        throw fault('authentication', `${base.origin} answered ${status}: its credentials are not taken.`, {
          status,
        })
      }
      if (status >= 500 || (path !== '' && status >= 400)) {
        throw fault('communication', `${base.origin} answered ${status}.`, { status })
      }
      return `${base.origin} answered ${status}.`
    },
  }
}

/** An authentication policy of the specification, from the connection's metadata. */
function policyOf({ name, metadata }: ConnectionSettings): Json | undefined {
  const text = (key: string) => (metadata[key] === undefined ? undefined : String(metadata[key]))
  const username = text('username')
  const tokenUrl = text('tokenURL')
  if (username !== undefined && tokenUrl !== undefined) {
    throw fault('configuration', `${name} has both username and tokenURL: keep one way to sign in.`)
  }
  if (username !== undefined) {
    return { [text('scheme') ?? 'basic']: { username, password: text('password') ?? '' } }
  }
  if (tokenUrl === undefined) return undefined
  if (!URL.canParse(tokenUrl)) throw fault('configuration', `The tokenURL of ${name} is not an address.`)
  const scopes = (text('scopes') ?? '').split(/[\s,]+/).filter((scope) => scope !== '')
  const audience = text('audience')
  return {
    oauth2: {
      authority: new URL(tokenUrl).origin,
      endpoints: { token: tokenUrl },
      grant: 'client_credentials',
      client: { id: text('clientId') ?? '', secret: text('clientSecret') ?? '' },
      ...(scopes.length > 0 && { scopes }),
      ...(audience !== undefined && { audiences: [audience] }),
    },
  }
}

/** What a fault says was wrong with the request itself, such that sending it again as it is would change nothing. */
export function refusalStatus(error: unknown): number | undefined {
  const status = problemOf(error)?.status
  return status !== undefined && [400, 404, 405, 409, 410, 411, 412, 413, 414, 415, 422].includes(status)
    ? status
    : undefined
}
