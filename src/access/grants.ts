import { permissionEntry, permissions, roles, type Permission, type Role } from './permissions.ts'

/** A role, held for all namespaces of pipelines or for some. */
export interface Grant {
  readonly role: Role
  readonly namespaces: '*' | readonly string[]
  /** Of the role's permissions only these: keys can be made for one purpose. */
  readonly only?: readonly Permission[]
}

/**
 * Whether the grants allow it. What belongs to a namespace must be allowed in that one; without `namespace` it is
 * enough to have it in some. What belongs to the installation is allowed only by a role held for all namespaces.
 */
export function allows(grants: readonly Grant[], permission: Permission, namespace?: string): boolean {
  const held = namespacesOf(grants, permission)
  if (held === '*') return true
  if (permissionEntry(permission).scope === 'installation') return false
  return namespace === undefined ? held.length > 0 : held.includes(namespace)
}

/** The namespaces in which the grants give the permission. */
export function namespacesOf(grants: readonly Grant[], permission: Permission): '*' | readonly string[] {
  const { roles: holders } = permissionEntry(permission)
  const found = new Set<string>()
  for (const { role, namespaces, only } of grants) {
    if (!holders.includes(role) || (only && !only.includes(permission))) continue
    if (namespaces === '*') return '*'
    for (const each of namespaces) found.add(each)
  }
  return [...found]
}

/** Every permission that the grants give somewhere, with where. */
export function heldPermissions(grants: readonly Grant[]): { [permission: string]: '*' | readonly string[] } {
  return Object.fromEntries(
    permissions
      .filter((permission) => allows(grants, permission))
      .map((permission) => [permission, namespacesOf(grants, permission)]),
  )
}

/** Whether `grants` give nothing that `own` do not: nobody hands out more than they have. */
export function within(grants: readonly Grant[], own: readonly Grant[]): boolean {
  return permissions.every((permission) => {
    const asked = namespacesOf(grants, permission)
    const held = namespacesOf(own, permission)
    if (held === '*' || asked.length === 0) return true
    return asked !== '*' && asked.every((namespace) => held.includes(namespace))
  })
}

/** Of the grants only what `own` give, too: a key of somebody who has lost a role has lost it. */
export function bounded(grants: readonly Grant[], own: readonly Grant[]): Grant[] {
  const result = new Map<string, Grant & { only: Permission[] }>()
  for (const { role, namespaces, only } of grants) {
    for (const permission of permissions) {
      if (!permissionEntry(permission).roles.includes(role) || (only && !only.includes(permission))) continue
      const both = common(namespaces, namespacesOf(own, permission))
      if (both.length === 0) continue
      const key = `${role} ${JSON.stringify(both)}`
      const known = result.get(key)
      if (known) known.only.push(permission)
      else result.set(key, { role, namespaces: both, only: [permission] })
    }
  }
  return [...result.values()]
}

function common(one: Grant['namespaces'], other: Grant['namespaces']): Grant['namespaces'] {
  if (one === '*') return other
  return other === '*' ? one : one.filter((namespace) => other.includes(namespace))
}

/** `approver@grants+building`, `viewer@*`: as people read and write a grant. */
export function grantText({ role, namespaces, only }: Grant): string {
  const where = namespaces === '*' ? '*' : namespaces.join('+')
  return `${role}@${where}${only ? `:${only.join('+')}` : ''}`
}

const namespacePattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** Reads `approver@grants+building`, `viewer` (all namespaces), `operator@*:events.publish`. Throws a `RangeError`. */
export function parseGrant(text: string): Grant {
  const [, role = '', where = '*', only] = /^([a-z-]+)(?:@([^:]+))?(?::(.+))?$/.exec(text.trim()) ?? []
  const found = roles.find((each) => each === role)
  if (!found) throw new RangeError(`${JSON.stringify(text)} names no role: there is ${roles.join(', ')}.`)
  const namespaces = parseNamespaces(where)
  if (!namespaces) throw new RangeError(`${JSON.stringify(where)} is no list of namespaces: a+b, or *.`)
  if (only === undefined) return { role: found, namespaces }
  const chosen = only.split('+').map((name) => {
    const permission = permissions.find((each) => each === name)
    if (permission && permissionEntry(permission).roles.includes(found)) return permission
    throw new RangeError(`${JSON.stringify(name)} is no permission of the role ${found}.`)
  })
  return { role: found, namespaces, only: chosen }
}

function parseNamespaces(text: string): Grant['namespaces'] | undefined {
  if (text === '*') return '*'
  const names = text.split('+')
  return names.every((name) => namespacePattern.test(name)) ? names : undefined
}

/** A group of the provider, and the role that its members have. */
export interface RoleMapping {
  /** `*`: everyone who signs in. */
  readonly group: string
  readonly grant: Grant
}

/**
 * Reads `approver=case-workers@grants`: the role, the group, and the namespaces (all, where none are given).
 * Throws a `RangeError`.
 */
export function parseMapping(text: string): RoleMapping {
  const at = text.indexOf('=')
  if (at < 0)
    throw new RangeError(`${JSON.stringify(text)} is no mapping: write role=group or role=group@namespace.`)
  const role = text.slice(0, at).trim()
  const rest = text.slice(at + 1).trim()
  // A group may have an @ of its own: only what can be namespaces is taken as such.
  const cut = rest.lastIndexOf('@')
  const where = cut > 0 ? rest.slice(cut + 1) : ''
  const scoped = cut > 0 && parseNamespaces(where) !== undefined
  const group = scoped ? rest.slice(0, cut) : rest
  if (group === '') throw new RangeError(`${JSON.stringify(text)} names no group.`)
  return { group, grant: parseGrant(scoped ? `${role}@${where}` : role) }
}

/** The grants of somebody in these groups. */
export function grantsOf(groups: readonly string[], mapping: readonly RoleMapping[]): Grant[] {
  return mapping.filter(({ group }) => group === '*' || groups.includes(group)).map(({ grant }) => grant)
}
