import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { may } from '../../access/index.ts'
import type { RunStatus } from '../../history/index.ts'
import type { RerunRequest, StartedRun } from '../../engines/index.ts'
import { SluseError } from '../../errors.ts'
import {
  answers,
  bulkBody,
  cloudEvent,
  named,
  problems,
  rerunBody,
  run,
  runFilters,
  runId,
  runStatuses,
  startedRun,
  task,
} from '../schemas.ts'
import type { App } from '../../app.ts'
import { entryOf } from '../authorise.ts'
import { carryOut, type Asked } from '../carry-out.ts'
import { takeNoBody, visibleIn, type Route } from './route.ts'

const anything = Type.Unknown({ description: 'Any JSON.' })

export const runRoutes: Route = (scope, { app }) => {
  scope.get(
    '/api/v1/runs',
    {
      config: { access: { permission: 'runs.read', in: 'some' } },
      schema: {
        tags: ['runs'],
        operationId: 'listRuns',
        summary: 'Runs, newest first',
        querystring: runFilters,
        response: answers({
          200: Type.Object({ runs: Type.Array(named(run)), next: Type.Optional(Type.String()) }),
          ...problems(400),
        }),
      },
    },
    async ({ query, who }) => {
      const { status, ...filters } = query
      for (const time of [filters.from, filters.to]) {
        if (time !== undefined && Number.isNaN(Date.parse(time))) {
          throw new SluseError('SLUSE-REQUEST', `${JSON.stringify(time)} is no time of ISO 8601.`)
        }
      }
      return app.history.runs({
        ...filters,
        ...visibleIn(who, 'runs.read'),
        ...(status !== undefined && { status: statuses(status) }),
      })
    },
  )

  scope.get(
    '/api/v1/runs/:id',
    {
      config: { access: { permission: 'runs.read', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getRun',
        summary: 'One run',
        params: runId,
        response: answers({ 200: named(run), ...problems(404) }),
      },
    },
    async ({ params }) => app.history.run(params.id),
  )

  scope.get(
    '/api/v1/runs/:id/timeline',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getTimeline',
        summary: 'One run with its input, its output, and all its tasks in the order in which they started',
        params: runId,
        response: answers({
          200: Type.Object({
            run: named(run),
            input: anything,
            output: Type.Optional(anything),
            tasks: Type.Array(named(task)),
          }),
          ...problems(404),
        }),
      },
    },
    async ({ params }) => app.history.timeline(params.id),
  )

  scope.get(
    '/api/v1/runs/:id/output',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getOutput',
        summary: 'The output of a completed run',
        params: runId,
        response: answers({ 200: anything, ...problems(404, 409) }),
      },
    },
    async ({ params }, reply) => {
      const { run: found, output } = await app.history.timeline(params.id)
      if (found.status !== 'completed') {
        throw new SluseError('SLUSE-RUN-STATE', `It has no output: it is ${found.status}.`)
      }
      return reply.type('application/json').send(JSON.stringify(output ?? null))
    },
  )

  scope.get(
    '/api/v1/runs/:id/lifecycle',
    {
      config: { access: { permission: 'runs.data', in: 'run' } },
      schema: {
        tags: ['runs'],
        operationId: 'getLifecycle',
        summary: 'The lifecycle CloudEvents of a run so far, in order',
        params: runId,
        response: answers({ 200: Type.Array(named(cloudEvent)), ...problems(404) }),
      },
    },
    async ({ params }, reply) => {
      await app.history.run(params.id)
      const events = []
      for await (const event of app.history.lifecycle(params.id)) events.push(event)
      return reply.type('application/cloudevents-batch+json').send(JSON.stringify(events))
    },
  )

  for (const action of ['cancel', 'suspend', 'resume'] as const) {
    scope.post(
      `/api/v1/runs/:id/${action}`,
      {
        config: { access: { permission: 'runs.control', in: 'run', audit: false } },
        schema: {
          tags: ['runs'],
          operationId: `${action}Run`,
          summary: actions[action],
          params: runId,
          response: answers({ 200: named(run), ...problems(404, 409) }),
        },
      },
      async (request) => {
        const { id } = request.params
        await control(app, request, (await app.history.run(id)).definition.namespace, { action, id })
        return app.history.run(id)
      },
    )
  }

  scope.post(
    '/api/v1/runs/:id/rerun',
    {
      config: { access: { permission: 'runs.control', in: 'run', audit: false } },
      preValidation: takeNoBody,
      schema: {
        tags: ['runs'],
        operationId: 'rerunRun',
        summary: 'Run it again: anew, or from one of its tasks',
        params: runId,
        body: rerunBody,
        response: answers({ 201: named(startedRun), ...problems(400, 404, 413, 415, 422) }),
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const { namespace } = (await app.history.run(params.id)).definition
      const started = await rerun(app, request, namespace, params.id, body)
      return reply.code(201).header('location', `/api/v1/runs/${started.id}`).send(started)
    },
  )

  scope.post(
    '/api/v1/runs/bulk',
    {
      config: { access: { permission: 'runs.control', in: 'some', audit: false } },
      schema: {
        tags: ['runs'],
        operationId: 'bulkRuns',
        summary: 'One action on many runs; each has its own result',
        body: bulkBody,
        response: answers({
          200: Type.Object({
            results: Type.Array(
              Type.Object({
                id: Type.String(),
                ok: Type.Boolean(),
                started: Type.Optional(Type.String({ description: 'The run that a rerun started.' })),
                code: Type.Optional(Type.String()),
              }),
            ),
          }),
          ...problems(400),
        }),
      },
    },
    async (request) => ({
      results: await Promise.all(request.body.ids.map((id) => act(app, request, request.body.action, id))),
    }),
  )
}

const actions = {
  cancel: 'End it: what is under way is interrupted',
  suspend: 'Let it go no further until it is resumed',
  resume: 'Let a suspended run go on',
} as const

async function act(app: App, request: FastifyRequest, action: keyof typeof actions | 'rerun', id: string) {
  try {
    const { namespace } = (await app.history.run(id)).definition
    if (!may(request.who, 'runs.control', namespace)) {
      await app.audit.write(entryOf(request, 'runs.control', 'refused', namespace, `run/${id}`))
      throw new SluseError('SLUSE-FORBIDDEN')
    }
    if (action === 'rerun')
      return { id, ok: true, started: (await rerun(app, request, namespace, id, {})).id }
    await control(app, request, namespace, { action, id })
    return { id, ok: true }
  } catch (error) {
    const { code } = error as { code?: unknown }
    return { id, ok: false, code: typeof code === 'string' ? code : 'SLUSE-INTERNAL' }
  }
}

function control(
  app: App,
  request: FastifyRequest,
  namespace: string,
  { action, id }: { readonly action: keyof typeof actions; readonly id: string },
): Promise<void> {
  return carryOut(app, request, changeOf(id, namespace, action), (record) =>
    app.engine[action](id, request.who.subject, record()),
  )
}

function rerun(
  app: App,
  request: FastifyRequest,
  namespace: string,
  id: string,
  body: Omit<RerunRequest, 'by' | 'record'>,
): Promise<StartedRun> {
  const by = request.who.subject
  const told = (started: string) => ({ details: { started } })
  return carryOut(
    app,
    request,
    changeOf(id, namespace, 'rerun'),
    (record) => app.engine.rerun(id, { ...body, by, record: (started) => record(told(started)) }),
    (started) => told(started.id),
  )
}

function changeOf(id: string, namespace: string, change: string): Asked {
  return { permission: 'runs.control', resource: `run/${id}`, namespace, details: { change } }
}

function statuses(text: string): RunStatus[] {
  return text.split(',').map((word) => {
    const found = runStatuses.find((each) => each === word.trim())
    if (found) return found
    throw new SluseError('SLUSE-REQUEST', `${JSON.stringify(word)} is no status.`)
  })
}
