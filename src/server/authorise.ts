import type { FastifyInstance, FastifyRequest } from 'fastify'
import { audited, may, permissionEntry, type Permission, type Principal } from '../access/index.ts'
import type { App } from '../app.ts'
import { SluseError } from '../errors.ts'
import type { AuditedOrigin, AuditEntry } from '../history/index.ts'
import { cookieOf, type Cookies } from './cookies.ts'

/** Who may use a route. Every route declares it in its `config`; one that does not is not registered. */
export type RouteAccess =
  /** Anybody, also without signing in: it must not tell or change anything. */
  | { readonly public: true }
  /** Whoever is signed in, about themselves. */
  | { readonly signedIn: true }
  | {
      readonly permission: Permission
      /**
       * Where it must be held: in the namespace that is a parameter of the address, in that of the run whose id is
       * one, or in some, where the handler looks at each namespace itself. What is of the installation needs none.
       */
      readonly in?: 'namespace' | 'run' | 'some'
      /** `false`: the handler writes its entries itself, in one transaction with what they tell. */
      readonly audit?: false
    }

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
  }
  interface FastifyRequest {
    /** Who asks; on a public route whoever it is. */
    who: Principal
    /** Whether the audit log says that this was allowed. */
    audited: Omit<AuditEntry, 'at'> | undefined
  }
}

export interface Authorisation {
  readonly session: Cookies
  readonly signIn: Cookies
}

/**
 * Nobody gets further than here without being known and allowed: before a body is read, and for every route that
 * there is. What is refused, what changes something and what shows data stands in the audit log.
 */
export function authorise(server: FastifyInstance, app: App): Authorisation {
  const { access, audit } = app
  const secure = app.settings.publicUrl?.startsWith('https:') ?? false
  const cookies = { session: cookieOf('sluse', secure), signIn: cookieOf('sluse-sign-in', secure) }
  server.decorateRequest('who', null as unknown as Principal)
  server.decorateRequest('audited', undefined)

  const allow = async (request: FastifyRequest, permission: Permission, namespace: string | undefined) => {
    if (may(request.who, permission, namespace)) return
    await audit.write(entryOf(request, permission, 'refused', namespace))
    throw new SluseError('SLUSE-FORBIDDEN', `It takes ${permission}${where(namespace)}.`)
  }

  server.addHook('onRoute', (route) => {
    const declared = route.config?.access
    if (!declared) throw new Error(`${String(route.method)} ${route.url} does not declare who may use it.`)
    route.schema = { ...route.schema, ...described(declared) }
  })

  server.addHook('onRequest', async (request) => {
    const declared = request.routeOptions.config.access
    // Without a route there is nothing to protect: it is answered that there is none.
    if (!declared || 'public' in declared) return
    const session = cookies.session.read(request.headers)
    const { authorization } = request.headers
    request.who = await access.identify({ authorization, session, from: originOf(request) })
    if (request.who.via === 'session') refuseForgery(request)
    if ('signedIn' in declared) return
    const { namespace } = (request.params ?? {}) as { namespace?: string }
    await allow(request, declared.permission, declared.in === 'namespace' ? (namespace ?? '') : undefined)
  })

  // Where it takes a look at what the address names, once it is known to be a proper address.
  server.addHook('preHandler', async (request) => {
    const declared = request.routeOptions.config.access
    if (!declared || !('permission' in declared)) return
    const { id = '', namespace: named } = (request.params ?? {}) as { id?: string; namespace?: string }
    const ofRun = declared.in === 'run' ? (await app.history.run(id)).definition.namespace : undefined
    if (ofRun !== undefined) await allow(request, declared.permission, ofRun)
    if (declared.audit === false || permissionEntry(declared.permission).audit === undefined) return
    const entry = entryOf(request, declared.permission, 'allowed', ofRun ?? named)
    await audit.write(entry)
    request.audited = entry
  })

  server.addHook('onError', async (request, _reply, error) => {
    const { audited: entry } = request
    if (!entry) return
    request.audited = undefined
    const { code } = error as { code?: unknown }
    await audit.write({
      ...entry,
      outcome: 'failed',
      details: { code: typeof code === 'string' ? code : 'SLUSE-INTERNAL' },
    })
  })

  // What somebody was allowed to change is changed now: an intent that nothing follows was cut off.
  server.addHook('onSend', async (request, reply) => {
    const { audited: entry } = request
    if (!entry || permissionEntry(entry.action as Permission).audit !== 'change') return
    request.audited = undefined
    await audit.write({ ...entry, outcome: reply.statusCode < 400 ? 'done' : 'failed' })
  })

  return cookies
}

/** An entry of the audit log on a request. */
export function entryOf(
  request: FastifyRequest,
  action: string,
  outcome: AuditEntry['outcome'],
  namespace?: string,
  resource = resourceOf(request),
): Omit<AuditEntry, 'at'> {
  const purpose = request.headers['sluse-purpose']
  return {
    who: audited(request.who),
    action,
    resource,
    ...(namespace !== undefined && { namespace }),
    outcome,
    from: originOf(request),
    ...(typeof purpose === 'string' && purpose !== '' && { purpose: decoded(purpose).slice(0, 500) }),
  }
}

export function originOf(request: FastifyRequest): AuditedOrigin {
  const agent = request.headers['user-agent']
  return {
    ip: request.ip,
    ...(agent !== undefined && { agent: agent.slice(0, 300) }),
    ...(request.who && { via: request.who.via }),
  }
}

/** `run/<id>`, `pipelines/<namespace>/<name>`: from what the address names. */
function resourceOf(request: FastifyRequest): string {
  const declared = request.routeOptions.config.access
  const { id, namespace, name, subject } = (request.params ?? {}) as { [name: string]: string | undefined }
  const what =
    declared && 'permission' in declared ? permissionEntry(declared.permission).resource : 'request'
  return [singular[what] ?? what, namespace, name, subject, id].filter((part) => part !== undefined).join('/')
}

const singular: { readonly [resource: string]: string } = {
  runs: 'run',
  targets: 'target',
  pipelines: 'pipeline',
  approvals: 'approval',
  keys: 'key',
  users: 'user',
}

/**
 * A browser sends a session with whatever page asks for it. So what changes something must carry a header that no
 * other site can make it send; and where the browser says where the page is from, it must be here.
 */
function refuseForgery(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  if (request.headers['sluse-request'] === undefined) throw new SluseError('SLUSE-CSRF')
}

function where(namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? '' : ` in the namespace ${namespace}`
}

/** Headers are ASCII: text beyond that comes percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What the API document says of it. */
function described(declared: RouteAccess) {
  if ('public' in declared) return { security: [] }
  const permission = 'permission' in declared ? { 'x-permission': declared.permission } : {}
  return { security: [{ session: [] }, { key: [] }], ...permission }
}
