import { Type } from 'typebox'
import {
  answers,
  cloudEvent,
  logLine,
  named,
  problems,
  reference,
  run,
  runId,
  shownDefinition,
  task,
} from '../schemas.ts'
import { showDefinition } from '../show-definition.ts'
import type { Route } from './route.ts'

const anything = Type.Unknown({ description: 'Any JSON.' })

/** What one looks at in a single run, apart from its timeline. */
export const runDetailRoutes: Route = (scope, { app }) => {
  scope.get(
    '/api/v1/runs/:id/tasks',
    {
      config: { access: { permission: 'runs.read', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getTasks',
        summary: 'One run with all its tasks in the order in which they started, without any of their data',
        params: runId,
        response: answers({
          200: Type.Object({
            run: named(run),
            tasks: Type.Array(named(task)),
            waits: Type.Array(
              Type.Object({
                key: Type.String(),
                kind: Type.String(),
                due: Type.Optional(Type.String()),
                event: Type.Optional(Type.String({ description: 'Type of the event.' })),
              }),
              { description: 'What a run that has left memory waits for.' },
            ),
          }),
          ...problems(404),
        }),
      },
    },
    async ({ params }) => {
      const [timeline, waits] = await Promise.all([
        app.history.timeline(params.id, { values: false }),
        app.overview.waitsOf(params.id),
      ])
      return { run: timeline.run, tasks: timeline.tasks, waits: [...waits] }
    },
  )

  scope.get(
    '/api/v1/runs/:id/logs',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getLogs',
        summary: 'What the functions of a run said on standard error, and the engine of the run',
        params: runId,
        querystring: Type.Object({
          after: Type.Optional(
            Type.Integer({ minimum: 0, description: 'Only lines after this one, by its `seq`.' }),
          ),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 500 })),
        }),
        response: answers({
          200: Type.Object({
            lines: Type.Array(named(logLine)),
            more: Type.Boolean({ description: 'There are more lines after these.' }),
            ended: Type.Boolean({ description: 'The run has ended: little will follow.' }),
          }),
          ...problems(400, 404),
        }),
      },
    },
    async ({ params, query }) => {
      const { endedAt } = await app.history.run(params.id)
      const { lines, more } = await app.runLogs.read(params.id, query)
      return { lines: [...lines], more, ended: endedAt !== undefined }
    },
  )

  scope.get(
    '/api/v1/runs/:id/values',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getValues',
        summary: 'The input of a run, and its output where it has one',
        params: runId,
        response: answers({
          200: Type.Object({ input: anything, output: Type.Optional(anything) }),
          ...problems(404),
        }),
      },
    },
    async ({ params }) => {
      const { input, output } = await app.history.timeline(params.id, { values: false })
      return { input, ...(output !== undefined && { output }) }
    },
  )

  scope.get(
    '/api/v1/runs/:id/task',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getTask',
        summary: 'One task of a run, with its input and output',
        params: runId,
        querystring: Type.Object(
          { key: Type.String({ minLength: 1, maxLength: 2000, description: '`key` of the timeline.' }) },
          { additionalProperties: false },
        ),
        response: answers({ 200: named(task), ...problems(400, 404) }),
      },
    },
    async ({ params, query }) => app.history.task(params.id, query.key),
  )

  scope.get(
    '/api/v1/runs/:id/definition',
    {
      config: { access: { permission: 'pipelines.read', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getRunDefinition',
        summary: 'The definition that a run is pinned to: its text, its graph and where its tasks are',
        params: runId,
        response: answers({
          200: Type.Object({ reference, file: Type.Optional(Type.String()), ...shownDefinition }),
          ...problems(404),
        }),
      },
    },
    async ({ params }) => {
      const [found, definition] = await Promise.all([
        app.history.run(params.id),
        app.history.definition(params.id),
      ])
      const fault = found.error?.instance
      return {
        reference: definition.reference,
        ...(definition.file !== undefined && { file: definition.file }),
        ...showDefinition(definition, fault === undefined ? [] : [fault]),
      }
    },
  )

  scope.get(
    '/api/v1/runs/:id/events',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs', 'events'],
        operationId: 'getRunEvents',
        summary: 'The events that a run took, as far as they are kept; at most 1000',
        params: runId,
        response: answers({
          200: Type.Object({
            events: Type.Array(
              Type.Object({
                key: Type.Optional(
                  Type.String({ description: 'The effect that waited for it; absent: it started the run.' }),
                ),
                receivedAt: Type.String(),
                event: named(cloudEvent),
              }),
            ),
          }),
          ...problems(404),
        }),
      },
    },
    async ({ params }) => {
      const taken = await app.history.consumed(params.id)
      const entries = await app.inbox.get(taken.map(({ cursor }) => cursor))
      const byCursor = new Map(entries.map((entry) => [entry.cursor, entry]))
      const events = taken.flatMap(({ key, cursor }) => {
        const entry = byCursor.get(cursor)
        if (!entry) return []
        return [{ ...(key !== undefined && { key }), receivedAt: entry.receivedAt, event: entry.event }]
      })
      return { events }
    },
  )
}
