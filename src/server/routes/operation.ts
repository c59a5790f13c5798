import { Type } from 'typebox'
import { answers } from '../schemas.ts'
import { packageVersion } from '../../config/index.ts'
import type { Route } from './route.ts'

const version = packageVersion()

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
    status: Type.Union([Type.Literal('ready'), Type.Literal('stopping'), Type.Literal('not-writable')]),
  })
  scope.get(
    '/ready',
    {
      config: { access: { public: true } },
      schema: {
        tags: ['operation'],
        operationId: 'ready',
        summary: 'New work is taken',
        response: answers({ 200: readiness, 503: readiness }),
      },
    },
    async (_request, reply) => {
      if (stopping.aborted) return reply.code(503).send({ status: 'stopping' as const })
      if (!app.engine.health().writable) return reply.code(503).send({ status: 'not-writable' as const })
      return { status: 'ready' as const }
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
