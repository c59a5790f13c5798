import type { Host } from '../internet/index.ts'

/** The one resource of httpbin.org that definitions of the specification call: HTTP Basic sign-in (RFC 7617). */
export function httpbin(): Host {
  return ({ path, headers }) => {
    const [, user, password] = path.match(/^\/basic-auth\/([^/]+)\/([^/]+)$/) ?? []
    if (user === undefined) return undefined
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    return headers['authorization'] === expected
      ? { body: { authenticated: true, user } }
      : { status: 401, headers: { 'www-authenticate': 'Basic realm="Fake Realm"' } }
  }
}
