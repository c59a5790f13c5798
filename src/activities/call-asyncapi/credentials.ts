import { fault, type Json } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'

/** What a broker is shown. */
export interface Credentials {
  readonly username?: string
  readonly password?: string
  readonly token?: string
  /** The policy itself, for a protocol whose client carries it out. */
  readonly policy?: Json
}

/** A policy as name and password or as a token, which is what protocols other than HTTP know. */
export async function credentialsOf(
  policy: Json | undefined,
  /** The protocol carries out policies itself. */
  own: boolean,
  context: ActivityContext,
): Promise<Credentials> {
  if (policy === undefined || policy === null) return {}
  if (own) return { policy }
  const { scheme, parameter } = await context.http.authorize(policy, context)
  if (/^bearer$/i.test(scheme)) return { token: parameter }
  const [, username, password] = /^basic$/i.test(scheme)
    ? (/^([^:]*):([^]*)$/.exec(Buffer.from(parameter, 'base64').toString('utf8')) ?? [])
    : []
  if (username !== undefined && password !== undefined) return { username, password }
  throw fault(
    'configuration',
    `A broker is shown a name and password or a token; the scheme ${scheme} is for HTTP alone.`,
  )
}
