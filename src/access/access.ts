import type { Database } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { AuditedOrigin, AuditLog } from '../history/index.ts'
import { Attempts, networkOf } from './attempts.ts'
import { bounded, grantsOf, grantText, type Grant, type RoleMapping } from './grants.ts'
import { keyIdOf, Keys, type ApiKey, type NewKey } from './keys.ts'
import { OpenIdProvider, type OidcSettings } from './oidc.ts'
import { audited, localPrincipal, type Principal } from './principal.ts'
import { hashOf } from './secrets.ts'
import { SignIns, type ComingBack, type SignInResult } from './sign-in.ts'
import { Sessions, type SessionRules } from './sessions.ts'
import { findUser, listUsers, saveUser, usersWithEmail, type KnownUser } from './users.ts'

/** How one gets in: `dev` and `local` let in whoever is at this machine. */
export type AccessMode = 'dev' | 'local' | 'oidc' | 'keys'

export interface AccessOptions {
  readonly database: Database
  readonly audit: AuditLog
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  readonly mode: AccessMode
  readonly mapping: readonly RoleMapping[]
  readonly sessions: SessionRules
  /** With mode `oidc`. */
  readonly oidc?: OidcSettings
}

/** Who asks, and how they came to be known. */
export interface Access {
  readonly mode: AccessMode
  /** Who the credentials belong to. Throws `SLUSE-UNAUTHENTICATED`, or `SLUSE-ATTEMPTS` after many wrong ones. */
  identify(credentials: Credentials): Promise<Principal>
  /** Sends a browser to the provider. */
  beginSignIn(
    redirectUri: string,
    returnTo: string,
    from: AuditedOrigin,
  ): Promise<{ url: string; state: string }>
  /** Takes it back. */
  finishSignIn(back: ComingBack): Promise<SignInResult>
  /** Ends the session; gives where to sign out at the provider, too. */
  signOut(who: Principal, from: AuditedOrigin, back: string): Promise<string | undefined>

  keys(owner?: string): Promise<ApiKey[]>
  key(id: string): Promise<ApiKey>
  createKey(key: NewKey, who: Principal, from: AuditedOrigin): Promise<{ key: ApiKey; secret: string }>
  revokeKey(id: string, who: Principal, from: AuditedOrigin): Promise<ApiKey>

  users(text?: string): Promise<(KnownUser & { grants: readonly Grant[] })[]>
  /** Somebody who has signed in, with the roles that they have now. */
  person(subject: string): Promise<Principal | undefined>
  /** Everybody who has signed in within 90 days and can be written to; at most 5000. */
  reachable(): Promise<Principal[]>
  signOutEverywhere(subject: string, who: Principal, from: AuditedOrigin): Promise<void>
}

export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization?: string | undefined
  /** What the session cookie holds. */
  readonly session?: string | undefined
  readonly from: AuditedOrigin
}

/** A person's key works while they still sign in: who has left, and cannot, is out after this. */
const absenceMs = 30 * 86_400_000
/** Somebody types a wrong key a few times; a machine with an old one keeps trying. */
const keyRules = { free: 10, window: 900_000, longestPause: 900_000 }
const nobody = { subject: 'nobody' }
const reachableMs = 90 * 86_400_000

export function openAccess(options: AccessOptions): Access {
  const { database, audit, now, mode, mapping } = options
  const sessions = new Sessions(database, options.sessions, now)
  const keys = new Keys(database, now)
  const provider = options.oidc && new OpenIdProvider(options.oidc)

  const wrongKeys = new Attempts(keyRules, now)

  /** Whoever is at this machine is let in. */
  const open = mode === 'local' || mode === 'dev'

  const person = (user: KnownUser): Principal => ({
    kind: 'user',
    subject: user.subject,
    name: user.name,
    ...(user.email !== undefined && { email: user.email }),
    ...(user.locale !== undefined && { locale: user.locale }),
    groups: user.groups,
    grants: grantsOf(user.groups, mapping),
    via: 'session',
  })

  const byKey = async (secret: string): Promise<Principal | undefined> => {
    const key = await keys.verify(secret)
    if (!key) return undefined
    const { id, name, owner, grants, expiresAt } = key
    if (owner === undefined) {
      return {
        kind: 'machine',
        subject: `key:${id}`,
        name,
        groups: [],
        grants,
        via: 'key',
        key: id,
        expiresAt,
      }
    }
    if (owner === localPrincipal.subject) {
      return mode === 'local' || mode === 'dev'
        ? { ...localPrincipal, grants, via: 'key', key: id, expiresAt }
        : undefined
    }
    const user = await findUser(database, owner)
    if (!user || user.lastSeen + absenceMs <= now()) return undefined
    const whole = person(user)
    return { ...whole, grants: bounded(grants, whole.grants), via: 'key', key: id, expiresAt }
  }

  const signIns = new SignIns({
    database,
    audit,
    now,
    provider,
    signedIn: (user, { from, replaces }) => {
      const { secret, statements } = sessions.begin(user.subject)
      const who = audited(person({ ...user, firstSeen: now(), lastSeen: now() }))
      const resource = `user/${user.subject}`
      const entry = audit.entry({ who, action: 'sign-in', resource, outcome: 'done', from })
      const before = replaces === undefined ? [] : [sessions.end(hashOf(replaces))]
      return { secret, statements: [saveUser(user, now()), ...before, ...statements, ...entry] }
    },
  })

  /** Wrong keys from one network: those of one key are not even looked at any more, others only slowed down. */
  const guardedKey = async (secret: string, from: AuditedOrigin): Promise<Principal | undefined> => {
    const network = networkOf(from.ip)
    const id = keyIdOf(secret) ?? ''
    const target = `${network} ${id}`
    if (id !== '') wrongKeys.check(target)
    const found = await byKey(secret)
    if (found) return found
    wrongKeys.check(network)
    const paused = [wrongKeys.failed(network), id === '' ? undefined : wrongKeys.failed(target)]
    const attempts = Math.max(0, ...paused.map((count) => count ?? 0))
    if (attempts > 0) {
      const resource = id === '' ? 'key' : `key/${id}`
      const details = { code: 'SLUSE-ATTEMPTS', attempts }
      await audit.write({ who: nobody, action: 'sign-in', resource, outcome: 'refused', from, details })
    }
    return undefined
  }

  const bySession = async (secret: string): Promise<Principal | undefined> => {
    const session = await sessions.find(secret)
    const user = session && (await findUser(database, session.subject))
    return user && { ...person(user), session: session.hash, expiresAt: session.expiresAt }
  }

  return {
    mode,
    identify: async ({ authorization, session, from }) => {
      let found: Principal | undefined
      if (authorization !== undefined) {
        const [, token = ''] = /^Bearer ([\w.~+/=-]{1,500})$/i.exec(authorization.trim()) ?? []
        found = await guardedKey(token, from)
      } else if (session !== undefined && mode === 'oidc') found = await bySession(session)
      else if (open) return localPrincipal
      if (found) return found
      throw new SluseError('SLUSE-UNAUTHENTICATED')
    },

    beginSignIn: (redirectUri, returnTo, from) => signIns.begin(redirectUri, returnTo, from),
    finishSignIn: (back) => signIns.finish(back),

    signOut: async (who, from, back) => {
      const entry = audit.entry({
        who: audited(who),
        action: 'sign-out',
        resource: `user/${who.subject}`,
        outcome: 'done',
        from,
      })
      await database.commit([...(who.session === undefined ? [] : [sessions.end(who.session)]), ...entry])
      return provider?.signOutUrl(back)
    },

    keys: (owner) => keys.list(owner),
    key: (id) => keys.get(id),
    createKey: async (wanted, who, from) => {
      const { key, secret, statement } = keys.create(wanted, who.subject, who.grants)
      const details = { name: key.name, roles: key.grants.map(grantText), owner: key.owner ?? null }
      const entry = audit.entry({
        who: audited(who),
        action: key.owner === undefined ? 'keys.create' : 'keys.own',
        resource: `key/${key.id}`,
        outcome: 'done',
        from,
        details,
      })
      await database.commit([statement, ...entry])
      return { key, secret }
    },
    revokeKey: async (id, who, from) => {
      const { owner } = await keys.get(id)
      const entry = audit.entry({
        who: audited(who),
        action: owner === who.subject ? 'keys.own' : 'keys.revoke',
        resource: `key/${id}`,
        outcome: 'done',
        from,
        details: { revoked: true },
      })
      await database.commit([keys.revoke(id, who.subject), ...entry])
      return keys.get(id)
    },

    users: async (text) =>
      (await listUsers(database, text)).map((user) => ({ ...user, grants: grantsOf(user.groups, mapping) })),
    person: async (subject) => {
      if (subject === localPrincipal.subject) return open ? localPrincipal : undefined
      const user = await findUser(database, subject)
      return user && person(user)
    },
    reachable: async () => (await usersWithEmail(database, now() - reachableMs)).map(person),
    signOutEverywhere: async (subject, who, from) => {
      const entry = audit.entry({
        who: audited(who),
        action: 'users.sign-out',
        resource: `user/${subject}`,
        outcome: 'done',
        from,
      })
      await database.commit([sessions.endAllOf(subject), ...entry])
    },
  }
}
