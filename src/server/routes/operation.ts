import { Type } from 'typebox'
import { answers } from '../schemas.ts'
import type { App } from '../../app.ts'
import { packageVersion } from '../../config/index.ts'
import type { Route } from './route.ts'

const version = packageVersion()

const statuses = ['ready', 'degraded', 'stopping', 'not-writable', 'no-temporal', 'no-worker'] as const

interface Readiness {
  readonly status: (typeof statuses)[number]
  readonly detail?: string
}

function readinessOf({ engine, settings }: App, stopping: AbortSignal): Readiness {
  if (stopping.aborted) return { status: 'stopping' }
  const { writable, missing, why } = engine.health()
  if (!writable)
    return {
      status: 'not-writable',
      detail: 'The database is away or refuses to write: nothing is accepted, and runs stand still.',
    }
  if (missing === undefined) return { status: 'ready' }
  const detail = {
    temporal: `Temporal is away: runs stand still, what is started waits, and commands fail.${why === undefined ? '' : ` ${why}`}`,
    worker:
      'The worker of this process has failed, or could not begin: it carries out no runs. The log says why.',
  }[missing]
  return { status: settings.role === 'worker' ? `no-${missing}` : 'degraded', detail }
}

export const operationRoutes: Route = (scope, { app, live, metrics, stopping }) => {
  scope.get(
    '/health',
    {
      config: { access: { public: true } },
      schema: {
        tags: ['operation'],
        operationId: 'health',
        summary: 'The process lives',
        response: answers({ 200: Type.Object({ status: Type.Literal('ok'), version: Type.String() }) }),
      },
    },
    async () => ({ status: 'ok' as const, version }),
  )

  const readiness = Type.Object({
    status: Type.Union(statuses.map((status) => Type.Literal(status))),
    detail: Type.Optional(Type.String({ description: 'What is wrong, and what becomes of runs meanwhile.' })),
  })
  scope.get(
    '/ready',
    {
      config: { access: { public: true } },
      schema: {
        tags: ['operation'],
        operationId: 'ready',
        summary: 'New work is taken',
        description:
          '`degraded` is an answer of 200: what is asked is accepted and durable, and begins when what is missing is there again. A worker that is without it is not ready.',
        response: answers({ 200: readiness, 503: readiness }),
      },
    },
    async (_request, reply) => {
      const found = readinessOf(app, stopping)
      return reply.code(found.status === 'ready' || found.status === 'degraded' ? 200 : 503).send(found)
    },
  )

  scope.get(
    '/metrics',
    {
      config: { access: { permission: 'operation.metrics' } },
      schema: {
        tags: ['operation'],
        operationId: 'metrics',
        summary: 'Counters for Prometheus',
        response: answers({
          200: { description: 'Text.', content: { 'text/plain': { schema: Type.String() } } },
        }),
      },
    },
    async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.render(live.connections)),
  )
}
