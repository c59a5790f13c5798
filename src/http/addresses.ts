import { fault, type JsonObject } from '../workflow/index.ts'

/**
 * An absolute http(s) address. A user and password in it (RFC 3986, section 3.2.1) are taken out, as a policy of
 * basic authentication, so that they are never in an address that is logged, stored or redirected with.
 */
export function parseAddress(uri: string): { url: URL; userinfo: JsonObject | undefined } {
  const url = parse(uri)
  if (!url) throw fault('configuration', `${shown(uri)} is not an absolute address.`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw fault('configuration', `${shown(uri)} is not an http or https address.`)
  }
  const userinfo =
    url.username || url.password
      ? { basic: { username: decoded(url.username), password: decoded(url.password) } }
      : undefined
  url.username = ''
  url.password = ''
  url.hash = ''
  return { url, userinfo }
}

function parse(uri: string): URL | null {
  try {
    return new URL(uri)
  } catch {
    return null
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** An address that could not be read, without what may be credentials. */
const shown = (uri: string) =>
  JSON.stringify(
    uri
      .replace(/\/\/[^/@]*@/, '//***@')
      .replace(/[?#].*$/s, '')
      .slice(0, 200),
  )
