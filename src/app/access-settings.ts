import { openAccess, parseMapping, type Access, type AccessMode, type RoleMapping } from '../access/index.ts'
import { guardedBy } from '../activities/index.ts'
import type { Log, Settings } from '../config/index.ts'
import type { Database } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { AuditLog } from '../history/index.ts'
import type { Guard } from '../resilience/index.ts'
import { guardedFetch } from './guarded-fetch.ts'

/** How one gets in by these settings. */
export function accessMode({ auth, oidcIssuer }: Settings): Exclude<AccessMode, 'dev'> {
  return auth ?? (oidcIssuer === undefined ? 'local' : 'oidc')
}

interface Parts {
  readonly database: Database
  readonly audit: AuditLog
  readonly now: () => number
  readonly log: Log
  readonly secret: (name: string) => Promise<unknown>
  readonly guard: Guard
  /** Somebody who writes pipelines, on their own machine. */
  readonly dev: boolean
}

/** Opens sign-in and keys as the settings say. Throws `SLUSE-SETTING`. */
export async function accessBy(settings: Settings, parts: Parts): Promise<Access> {
  const mode = parts.dev ? 'dev' : accessMode(settings)
  return openAccess({
    database: parts.database,
    audit: parts.audit,
    now: parts.now,
    mode,
    mapping: settings.roles.map(mappingOf),
    sessions: { idle: settings.sessionIdle, lifetime: settings.sessionLifetime },
    ...(mode === 'oidc' && { oidc: await oidcBy(settings, parts) }),
  })
}

function mappingOf(text: string): RoleMapping {
  try {
    return parseMapping(text)
  } catch (error) {
    throw new SluseError('SLUSE-SETTING', `roles: ${(error as Error).message}`)
  }
}

async function oidcBy(settings: Settings, { log, secret, guard }: Parts) {
  const { oidcIssuer, oidcClientId } = settings
  if (oidcIssuer === undefined || oidcClientId === undefined) {
    throw new SluseError('SLUSE-SETTING', 'Sign-in by OpenID Connect needs oidcIssuer and oidcClientId.')
  }
  const clientSecret = await secret('oidcClientSecret')
  return {
    issuer: oidcIssuer,
    clientId: oidcClientId,
    ...(typeof clientSecret === 'string' && { clientSecret }),
    scopes: settings.oidcScopes,
    subjectClaim: settings.oidcSubjectClaim,
    groupsClaim: settings.oidcGroupsClaim,
    trustEmail: settings.oidcTrustEmail,
    fetch: guardedFetch(guardedBy(guard, { attempt: 0, onFailure: 'caught' })),
    log: (message: string, data: { [key: string]: unknown }) => log('warn', message, data),
  }
}
