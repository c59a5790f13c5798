import { allows, grantText, namespacesOf, type Grant } from './grants.ts'
import { roles, type Permission } from './permissions.ts'

/** Who asks: a person, or a machine with a key. */
export interface Principal {
  /** `local`: whoever is at this machine, where nobody has to sign in. */
  readonly kind: 'user' | 'machine' | 'local'
  /** The same each time the same person comes; `key:<id>` for a machine. */
  readonly subject: string
  readonly name: string
  /** Confirmed by the provider. */
  readonly email?: string
  readonly locale?: string
  readonly groups: readonly string[]
  readonly grants: readonly Grant[]
  readonly via: 'session' | 'key' | 'local'
  /** Id of the key that was used. */
  readonly key?: string
  /** Hash of the session. */
  readonly session?: string
  /** When session or key ends: milliseconds since 1970. */
  readonly expiresAt?: number
}

export function may(principal: Principal, permission: Permission, namespace?: string): boolean {
  return allows(principal.grants, permission, namespace)
}

export function mayIn(principal: Principal, permission: Permission): '*' | readonly string[] {
  return namespacesOf(principal.grants, permission)
}

/** As the audit log has them. */
export function audited({ subject, name, grants, key }: Principal) {
  return { subject, name, roles: grants.map(grantText), ...(key !== undefined && { key }) }
}

/** Whoever is at this machine: everything, everywhere. */
export const localPrincipal: Principal = {
  kind: 'local',
  subject: 'local',
  name: 'Local user',
  groups: [],
  grants: roles.map((role) => ({ role, namespaces: '*' })),
  via: 'local',
}
