import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { mayIn, type Permission, type Principal } from '../../access/index.ts'
import type { App } from '../../app.ts'
import type { Authorisation } from '../authorise.ts'
import type { Live } from '../live.ts'
import type { Metrics } from '../metrics.ts'

export type Scope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface RouteContext {
  readonly app: App
  readonly live: Live
  readonly metrics: Metrics
  readonly editable: boolean
  readonly cookies: Authorisation
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal
}

/** Adds the operations of one resource. */
export type Route = (scope: Scope, context: RouteContext) => void | Promise<void>

/** Before validation: no body at all is an empty one, where all of its members may be left out. */
export async function takeNoBody(request: FastifyRequest): Promise<void> {
  request.body ??= {}
}

/** Limits a query to the namespaces in which somebody has a permission. */
export function visibleIn(who: Principal, permission: Permission): { namespaces?: readonly string[] } {
  const held = mayIn(who, permission)
  return held === '*' ? {} : { namespaces: held }
}
