import { Type } from 'typebox'
import { changeMessage, hangUp } from '../live.ts'
import { answers, problems, runId } from '../schemas.ts'
import { visibleIn, type Route } from './route.ts'

const cursor = Type.Optional(
  Type.String({
    maxLength: 100,
    description: 'Begin after this cursor; `0` is the beginning. Default: now.',
  }),
)
const lastEventId = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ maxLength: 100, description: 'What a browser sends when it connects again.' }),
  ),
})
const response = answers({
  200: {
    description: 'Server-sent events: `id` is the cursor, `event` the type, `data` a lifecycle CloudEvent.',
    content: { 'text/event-stream': { schema: Type.String() } },
  },
  ...problems(400, 404, 503),
})

export const liveRoutes: Route = (scope, { app, live }) => {
  const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

  scope.get(
    '/api/v1/live',
    {
      config: { access: { permission: 'runs.data', in: 'some' } },
      schema: {
        tags: ['runs'],
        operationId: 'live',
        summary: 'What happens, as it happens; none missed, none repeated',
        headers: lastEventId,
        querystring: Type.Object(
          {
            from: cursor,
            namespace: Type.Optional(Type.String({ maxLength: 200 })),
            name: Type.Optional(Type.String({ maxLength: 200 })),
          },
          { additionalProperties: false },
        ),
        response,
      },
    },
    async ({ raw, headers: given, query, who }, reply) => {
      const from = given['last-event-id'] ?? query.from
      const visible = visibleIn(who, 'runs.data')
      const stream = live.open(
        { ...query, ...visible, ...(from !== undefined && { from }) },
        hangUp(raw, who),
      )
      return reply.headers(headers).type('text/event-stream').send(stream)
    },
  )

  scope.get(
    '/api/v1/changes',
    {
      config: { access: { permission: 'runs.read', in: 'some' } },
      schema: {
        tags: ['runs'],
        operationId: 'changes',
        summary: 'Which runs change, as they do, without any of their data',
        headers: lastEventId,
        response: answers({
          200: {
            description:
              'Server-sent events: `id` is the cursor, `data` is `{"kind": "task.completed", "run": "…"}`.',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
          ...problems(400, 503),
        }),
      },
    },
    async ({ raw, headers: given, who }, reply) => {
      const from = given['last-event-id']
      const stream = live.open(
        { ...visibleIn(who, 'runs.read'), ...(from !== undefined && { from }) },
        hangUp(raw, who),
        changeMessage,
      )
      return reply.headers(headers).type('text/event-stream').send(stream)
    },
  )

  scope.get(
    '/api/v1/runs/:id/live',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'liveRun',
        summary: 'What happens in one run, from its beginning unless told otherwise',
        params: runId,
        headers: lastEventId,
        querystring: Type.Object({ from: cursor }, { additionalProperties: false }),
        response,
      },
    },
    async ({ raw, params, headers: given, query, who }, reply) => {
      await app.history.run(params.id)
      const from = given['last-event-id'] ?? query.from ?? '0'
      return reply
        .headers(headers)
        .type('text/event-stream')
        .send(live.open({ run: params.id, from }, hangUp(raw, who)))
    },
  )
}
