import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { audited, may, mayIn } from '../../access/index.ts'
import { loadOptions, type App } from '../../app.ts'
import { SluseError } from '../../errors.ts'
import { load, type Definition } from '../../workflow/definition/index.ts'
import { originOf } from '../authorise.ts'
import { carryOut } from '../carry-out.ts'
import {
  answers,
  finding,
  named,
  pipeline,
  pipelineName,
  problems,
  shownDefinition,
  startBody,
  startedRun,
} from '../schemas.ts'
import { saveDefinition } from '../save-definition.ts'
import { showDefinition } from '../show-definition.ts'
import { takeNoBody, type Route } from './route.ts'

const version = Type.Object({
  version: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Default: the highest that is deployed.' }),
  ),
})
const anything = Type.Unknown({ description: 'Any JSON.' })
const definitionText = Type.String({ description: 'The definition, YAML or JSON.' })
const textTypes = ['application/yaml', 'application/json', 'text/plain']

export const pipelineRoutes: Route = (scope, { app, editable }) => {
  scope.get(
    '/api/v1/pipelines',
    {
      config: { access: { permission: 'pipelines.read', in: 'some' } },
      schema: {
        tags: ['pipelines'],
        operationId: 'listPipelines',
        summary: 'The pipelines that are deployed, and the findings on the project',
        response: answers({
          200: Type.Object({
            pipelines: Type.Array(named(pipeline)),
            findings: Type.Array(named(finding)),
          }),
        }),
      },
    },
    async ({ who }) => {
      const visible = app.pipelines
        .list()
        .filter(({ reference }) => may(who, 'pipelines.read', reference.namespace))
      const files = new Set(visible.map(({ file }) => file))
      const all = mayIn(who, 'pipelines.read') === '*'
      const disabled = await app.pipelines.disabled()
      return {
        pipelines: visible.map((each) => summaryOf(each, disabled)),
        findings: app.pipelines.project.findings.filter(({ file }) => all || files.has(file)),
      }
    },
  )

  scope.get(
    '/api/v1/pipelines/:namespace/:name',
    {
      config: { access: { permission: 'pipelines.read', in: 'namespace' } },
      schema: {
        tags: ['pipelines'],
        operationId: 'getPipeline',
        summary: 'One pipeline: its text, its findings, its versions and its graph',
        params: pipelineName,
        querystring: version,
        response: answers({
          200: Type.Object({
            pipeline: named(pipeline),
            versions: Type.Array(Type.String()),
            ...shownDefinition,
            definition: anything,
            graph: Type.String({ description: 'Mermaid.' }),
            findings: Type.Array(named(finding)),
          }),
          ...problems(404),
        }),
      },
    },
    async ({ params, query }) => {
      const found = app.pipelines.find(params.namespace, params.name, query.version)
      const { mermaid } = await import('../../workflow/index.ts')
      return {
        pipeline: summaryOf(found, await app.pipelines.disabled()),
        versions: versionsOf(app, params),
        ...showDefinition(found),
        definition: found.workflow,
        graph: mermaid(found.workflow),
        findings: app.pipelines.project.findings.filter(({ file }) => file === found.file),
      }
    },
  )

  scope.post(
    '/api/v1/pipelines/:namespace/:name/runs',
    {
      config: { access: { permission: 'runs.start', in: 'namespace', audit: false } },
      preValidation: takeNoBody,
      schema: {
        tags: ['pipelines', 'runs'],
        operationId: 'startRun',
        summary: 'Start a run; answered once it is durable',
        params: pipelineName,
        querystring: version,
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 255,
              description: 'The same key twice for a pipeline starts one run.',
            }),
          ),
        }),
        body: startBody,
        response: answers({
          200: named(startedRun),
          201: named(startedRun),
          ...problems(400, 404, 409, 413, 415, 422, 503, 507),
        }),
      },
    },
    async (request, reply) => {
      const { params, query, headers, body, who } = request
      const key = headers['idempotency-key']
      const { namespace, name } = params
      const { reference } = app.pipelines.find(namespace, name, query.version)
      const told = (id: string) => ({ resource: `run/${id}` })
      const started = await carryOut(
        app,
        request,
        { permission: 'runs.start', resource: `pipeline/${namespace}/${name}`, namespace },
        (record) =>
          app.engine.start({
            definition: reference,
            ...(body.input !== undefined && { input: body.input }),
            ...(key !== undefined && { idempotencyKey: key }),
            by: who.subject,
            record: (id) => record(told(id)),
          }),
        ({ id }) => told(id),
      )
      return reply
        .code(started.existing ? 200 : 201)
        .header('location', `/api/v1/runs/${started.id}`)
        .send(started)
    },
  )

  for (const action of ['disable', 'enable'] as const) {
    scope.post(
      `/api/v1/pipelines/:namespace/:name/${action}`,
      {
        config: { access: { permission: 'pipelines.control', in: 'namespace', audit: false } },
        schema: {
          tags: ['pipelines'],
          operationId: `${action}Pipeline`,
          summary: {
            disable: 'Start no runs of a pipeline until it is enabled again; those under way go on',
            enable: 'Let a pipeline be started again; its schedules go on',
          }[action],
          params: pipelineName,
          response: answers({ 200: named(pipeline), ...problems(404, 503, 507) }),
        },
      },
      async (request) => {
        const { namespace, name } = request.params
        const found = app.pipelines.find(namespace, name)
        const enabled = action === 'enable'
        await carryOut(
          app,
          request,
          {
            permission: 'pipelines.control',
            resource: `pipeline/${namespace}/${name}`,
            namespace,
            details: { enabled },
          },
          (record) =>
            app.engine.setEnabled({ namespace, name }, enabled, {
              by: request.who.subject,
              record: record(),
            }),
        )
        return summaryOf(found, await app.pipelines.disabled())
      },
    )
  }

  // Definitions come as text: JSON, too, is kept to the byte.
  void scope.register(async (plain) => {
    const texts = plain.withTypeProvider<TypeBoxTypeProvider>()
    texts.removeContentTypeParser('application/json')
    texts.addContentTypeParser(
      'application/json',
      { parseAs: 'string' },
      async (_request: unknown, body: string) => body,
    )

    texts.post(
      '/api/v1/pipelines/validate',
      {
        config: { access: { permission: 'pipelines.validate', in: 'some' } },
        schema: {
          tags: ['pipelines'],
          operationId: 'validateDefinition',
          summary: 'All findings on a definition; nothing is kept',
          consumes: textTypes,
          body: definitionText,
          response: answers({
            200: Type.Object({ valid: Type.Boolean(), findings: Type.Array(named(finding)) }),
            ...problems(400, 413, 415),
          }),
        },
      },
      async ({ body, headers }) => {
        const { definition, findings } = loadText(app, body, headers['content-type'])
        return { valid: definition !== undefined, findings }
      },
    )

    texts.put(
      '/api/v1/pipelines/:namespace/:name',
      {
        config: { access: { permission: 'pipelines.write', in: 'namespace' } },
        schema: {
          tags: ['pipelines'],
          operationId: 'putPipeline',
          summary: "Write a definition into the project's folder and deploy it (`sluse dev` only)",
          consumes: textTypes,
          params: pipelineName,
          body: definitionText,
          response: answers({ 200: named(pipeline), ...problems(400, 403, 413, 415, 422) }),
        },
      },
      async (request) => {
        const { params, body, headers } = request
        if (!editable) throw new SluseError('SLUSE-DEPLOY-REFUSED')
        const { definition, findings } = loadText(app, body, headers['content-type'])
        if (!definition) throw new SluseError('SLUSE-DEFINITION-INVALID', '', { data: findings })
        const { namespace, name } = definition.reference
        if (namespace !== params.namespace || name !== params.name) {
          const detail = `It defines ${namespace}/${name}, not ${params.namespace}/${params.name}.`
          throw new SluseError('SLUSE-REQUEST', detail)
        }
        await saveDefinition(app, definition, isJson(headers['content-type']), {
          who: audited(request.who),
          from: originOf(request),
        })
        return summaryOf(
          app.pipelines.find(namespace, name, definition.reference.version),
          await app.pipelines.disabled(),
        )
      },
    )
  })
}

function loadText(app: App, text: string, type: string | undefined) {
  const { functions } = app.pipelines.project
  return load(text, { format: isJson(type) ? 'json' : 'yaml', functions, ...loadOptions })
}

function isJson(type: string | undefined): boolean {
  return /^application\/json\b/i.test(type ?? '')
}

function versionsOf(app: App, { namespace, name }: { namespace: string; name: string }): string[] {
  return app.pipelines
    .list()
    .filter(({ reference }) => reference.namespace === namespace && reference.name === name)
    .map(({ reference }) => reference.version)
}

function summaryOf(
  { reference, workflow, file }: Definition,
  disabled: ReadonlyMap<string, { readonly at: string; readonly by?: string }>,
) {
  const { title, summary } = workflow.document
  const off = disabled.get(`${reference.namespace}/${reference.name}`)
  return {
    ...reference,
    ...(title !== undefined && { title }),
    ...(summary !== undefined && { summary }),
    ...(file !== undefined && { file }),
    ...(workflow.schedule !== undefined && { schedule: workflow.schedule }),
    ...(off && { disabled: off }),
  }
}
