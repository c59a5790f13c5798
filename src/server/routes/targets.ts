import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import type { App, TargetChange, TargetInfo } from '../../app.ts'
import type { Json } from '../../workflow/index.ts'
import { entryOf } from '../authorise.ts'
import { SluseError } from '../../errors.ts'
import { isPerSecond } from '../../resilience/index.ts'
import { answers, named, problems, target, targetLimits, targetName } from '../schemas.ts'
import { takeNoBody, type Route } from './route.ts'

/** The systems that pipelines call: breakers, limits, and what waits for them. */
export const targetRoutes: Route = (scope, { app }) => {
  const { targets } = app

  scope.get(
    '/api/v1/targets',
    {
      config: { access: { permission: 'targets.read' } },
      schema: {
        tags: ['targets'],
        operationId: 'listTargets',
        summary: 'Every system that was called, or that a connection names',
        response: answers({ 200: Type.Object({ targets: Type.Array(named(target)) }) }),
      },
    },
    async () => ({ targets: (await targets.list()).map(shown) }),
  )

  scope.get(
    '/api/v1/targets/:name',
    {
      config: { access: { permission: 'targets.read' } },
      schema: {
        tags: ['targets'],
        operationId: 'getTarget',
        summary: 'One target, by its key, or by its name where only one has it',
        params: targetName,
        response: answers({ 200: named(target), ...problems(404) }),
      },
    },
    async ({ params }) => shown(await targets.find(params.name)),
  )

  for (const kind of ['reset', 'hold', 'release'] as const) {
    scope.post(
      `/api/v1/targets/:name/${kind}`,
      {
        config: { access: { permission: 'targets.control', audit: false } },
        schema: {
          tags: ['targets'],
          operationId: `${kind}Target`,
          summary: actions[kind],
          params: targetName,
          response: answers({ 200: named(target), ...problems(404, 409) }),
        },
      },
      async (request) => shown(await change(app, request, request.params.name, { kind })),
    )
  }

  scope.post(
    '/api/v1/targets/:name/limits',
    {
      config: { access: { permission: 'targets.control', audit: false } },
      preValidation: takeNoBody,
      schema: {
        tags: ['targets'],
        operationId: 'limitTarget',
        summary:
          'Other limits than its connection declares, at once and until they are changed again; without any: those',
        params: targetName,
        body: targetLimits,
        response: answers({ 200: named(target), ...problems(400, 404, 413, 415) }),
      },
    },
    async (request) => {
      const { concurrency, perSecond } = request.body
      if (perSecond !== undefined && !isPerSecond(perSecond)) {
        throw new SluseError('SLUSE-REQUEST', 'body.perSecond must be above 0 and up to 100000.')
      }
      const limits = {
        ...(concurrency !== undefined && { concurrency }),
        ...(perSecond !== undefined && { perSecond }),
      }
      const asked = { kind: 'limit', limits: Object.keys(limits).length > 0 ? limits : undefined } as const
      return shown(await change(app, request, request.params.name, asked))
    },
  )
}

/** The one way in which an operator changes a target: what was changed, and what failed, is in the audit log. */
async function change(
  app: App,
  request: FastifyRequest,
  name: string,
  asked: TargetChange,
): Promise<TargetInfo> {
  const entry = (outcome: 'done' | 'failed', resource: string, details: Json) => ({
    ...entryOf(request, 'targets.control', outcome, undefined, `target/${resource}`),
    details,
  })
  const details = { change: asked.kind, ...(asked.kind === 'limit' && { limits: { ...asked.limits } }) }
  try {
    return await app.targets.change(name, asked, {
      subject: request.who.subject,
      entry: (key) => app.audit.entry(entry('done', key, details)),
    })
  } catch (error) {
    const { code } = error as { code?: unknown }
    await app.audit.write(
      entry('failed', name, { ...details, code: typeof code === 'string' ? code : 'SLUSE-INTERNAL' }),
    )
    throw error
  }
}

const actions = {
  reset: 'Close its circuit breaker and forget what it has counted',
  hold: 'Make no calls to it until it is released: they wait',
  release: 'Make calls to it again',
} as const

function shown({ breaker, limits, ...rest }: TargetInfo) {
  const { pausedUntil, ...others } = limits
  return {
    ...rest,
    ...(breaker && { breaker: shownBreaker(breaker) }),
    limits: { ...others, ...(pausedUntil !== undefined && { pausedUntil: iso(pausedUntil) }) },
  }
}

function shownBreaker({ retryAt, ...counts }: NonNullable<TargetInfo['breaker']>) {
  return { ...counts, ...(retryAt !== undefined && { retryAt: iso(retryAt) }) }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
