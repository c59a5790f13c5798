import { Type } from 'typebox'
import { attention, attentionOf } from '../attention.ts'
import { answers, named, reference, run } from '../schemas.ts'
import { visibleIn, type Route } from './route.ts'

const counts = Type.Record(Type.String(), Type.Integer())

export const overviewRoutes: Route = (scope, { app }) => {
  scope.get(
    '/api/v1/overview',
    {
      config: { access: { permission: 'runs.read', in: 'some' } },
      schema: {
        tags: ['operation'],
        operationId: 'overview',
        summary:
          'How many runs there are of each kind, what the schedules start next, and what waits for somebody',
        response: answers({
          200: Type.Object({
            at: Type.String({ description: 'When this was counted, ISO 8601.' }),
            open: Type.Unsafe<{ [status: string]: number | undefined }>({
              ...counts,
              description: 'Runs that have not ended, by status.',
            }),
            ended: Type.Unsafe<{ [status: string]: number | undefined }>({
              ...counts,
              description: 'Runs that ended within 24 hours, by status.',
            }),
            slow: Type.Array(named(run), {
              description: 'The runs that have been running for the longest, the oldest first; at most 8.',
            }),
            ahead: Type.Array(Type.Object({ ...reference.properties, at: Type.String() }), {
              description: 'What the schedules start next, the nearest first; at most 20.',
            }),
            attention,
            writable: Type.Boolean({ description: 'False while the database refuses to write.' }),
            activities: Type.Object({
              running: Type.Integer({ description: 'Calls and processes under way.' }),
              waiting: Type.Integer({ description: 'Those that wait their turn.' }),
            }),
          }),
        }),
      },
    },
    async ({ who }) => {
      const now = Date.now()
      const { open, ended, slow, ahead } = await app.overview.read(
        now,
        visibleIn(who, 'runs.read').namespaces,
      )
      const { writable, activitiesRunning, activitiesWaiting } = app.engine.health()
      return {
        at: new Date(now).toISOString(),
        open,
        ended,
        slow: await Promise.all(slow.map((id) => app.history.run(id))),
        ahead: [...ahead],
        attention: await attentionOf(app, who),
        writable,
        activities: { running: activitiesRunning, waiting: activitiesWaiting },
      }
    },
  )
}
