/**
 * Who you are and what you may do: sign-in by OpenID Connect, sessions, keys, and the one table of permissions.
 * Knows nothing of HTTP servers: whoever serves asks it.
 */
export { openAccess, type Access, type AccessMode, type AccessOptions } from './access.ts'
export {
  allows,
  grantsOf,
  grantText,
  heldPermissions,
  parseGrant,
  parseMapping,
  type Grant,
  type RoleMapping,
} from './grants.ts'
export { Keys, longestLifetime, usualLifetime, type ApiKey, type NewKey } from './keys.ts'
export {
  permissionEntry,
  permissionTable,
  permissions,
  roleAbout,
  roles,
  type Permission,
  type Role,
} from './permissions.ts'
export { audited, localPrincipal, may, mayIn, type Principal } from './principal.ts'
export type { ProviderFetch } from './oidc.ts'
export type { KnownUser, User } from './users.ts'
