import { Type } from 'typebox'
import { may, type Permission, type Principal } from '../../access/index.ts'
import type { App } from '../../app.ts'
import { SluseError } from '../../errors.ts'
import type { ErasedPerson } from '../../transfer/index.ts'
import type { Json } from '../../workflow/index.ts'
import { answers, named, problems } from '../schemas.ts'
import {
  dataset,
  datasetFilters,
  erasedPerson,
  personBody,
  previewQuery,
  replayBody,
  transfer,
  transferFilters,
  transferIdParameter,
  transferSummary,
} from '../transfer-schemas.ts'
import { visibleIn, type Route } from './route.ts'

const next = Type.Optional(Type.String())
const read = { permission: 'transfers.read', in: 'some' } as const
const data = { permission: 'transfers.data', in: 'some' } as const
const control = { permission: 'transfers.control', in: 'some' } as const

/** Transfers and the datasets that they made. */
export const transferRoutes: Route = (scope, { app }) => {
  const { overview, replays } = app.transfers

  scope.get(
    '/api/v1/transfers',
    {
      config: { access: read },
      schema: {
        tags: ['transfers'],
        operationId: 'listTransfers',
        summary: 'Transfers, newest first',
        querystring: transferFilters,
        response: answers({
          200: Type.Object({ transfers: Type.Array(named(transferSummary)), next }),
          ...problems(400),
        }),
      },
    },
    async ({ query, who }) => overview.list({ ...query, ...visibleIn(who, 'transfers.read') }),
  )

  scope.get(
    '/api/v1/transfers/:id',
    {
      config: { access: read },
      schema: {
        tags: ['transfers'],
        operationId: 'getTransfer',
        summary: 'One transfer: how far it is, for each target, how fast, and what it suffers from',
        params: transferIdParameter,
        response: answers({ 200: named(transfer), ...problems(404) }),
      },
    },
    async ({ params, who }) => {
      const found = await overview.transfer(params.id)
      if (!may(who, 'transfers.read', found.pipeline?.namespace ?? '')) {
        throw new SluseError('SLUSE-TRANSFER-NOT-FOUND', `(${params.id})`)
      }
      return found
    },
  )

  scope.get(
    '/api/v1/datasets',
    {
      config: { access: read },
      schema: {
        tags: ['transfers'],
        operationId: 'listDatasets',
        summary: 'Datasets, newest first',
        querystring: datasetFilters,
        response: answers({
          200: Type.Object({ datasets: Type.Array(named(dataset)), next }),
          ...problems(400),
        }),
      },
    },
    async ({ query, who }) => overview.datasets({ ...query, ...visibleIn(who, 'transfers.read') }),
  )

  scope.get(
    '/api/v1/datasets/:id',
    {
      config: { access: read },
      schema: {
        tags: ['transfers'],
        operationId: 'getDataset',
        summary: 'One dataset',
        params: transferIdParameter,
        response: answers({ 200: named(dataset), ...problems(404) }),
      },
    },
    async ({ params, who }) => {
      await assertMay(app, who, 'transfers.read', params.id)
      return overview.dataset(params.id)
    },
  )

  scope.get(
    '/api/v1/datasets/:id/records',
    {
      config: { access: data },
      schema: {
        tags: ['transfers'],
        operationId: 'previewDataset',
        summary: 'Some records of a dataset; what is marked as personal data is hidden',
        params: transferIdParameter,
        querystring: previewQuery,
        response: answers({
          200: Type.Object({
            records: Type.Array(
              Type.Object({ number: Type.Integer(), origin: Type.String(), record: Type.Unknown() }),
            ),
          }),
          ...problems(404, 410),
        }),
      },
    },
    async ({ params, query, who }) => {
      await assertMay(app, who, 'transfers.data', params.id)
      return overview.preview(params.id, query.from ?? 0, query.limit ?? 20)
    },
  )

  scope.post(
    '/api/v1/datasets/:id/replay',
    {
      config: { access: control },
      schema: {
        tags: ['transfers'],
        operationId: 'replayDataset',
        summary: 'Deliver a whole dataset again to one target',
        params: transferIdParameter,
        body: replayBody,
        response: answers({ 202: Type.Object({ transfer: Type.String() }), ...problems(400, 404, 409, 410) }),
      },
    },
    async ({ params, body, who }, reply) => {
      await assertMay(app, who, 'transfers.control', params.id)
      const id = await replays.dataset(params.id, body.target)
      return reply.code(202).header('location', `/api/v1/transfers/${id}`).send({ transfer: id })
    },
  )

  scope.post(
    '/api/v1/datasets/:id/erase',
    {
      config: { access: control },
      schema: {
        tags: ['transfers'],
        operationId: 'eraseDataset',
        summary: 'Destroy the key of a dataset, so that nobody can read it or its dead letters any more',
        params: transferIdParameter,
        response: answers({ 200: named(dataset), ...problems(404) }),
      },
    },
    async ({ params, who }) => {
      await assertMay(app, who, 'transfers.control', params.id)
      await overview.erase(params.id)
      return overview.dataset(params.id)
    },
  )

  scope.post(
    '/api/v1/people/erase',
    {
      config: { access: control },
      schema: {
        tags: ['transfers'],
        operationId: 'erasePerson',
        summary:
          'Take a person out of all datasets and dead letters, and destroy the keys under which they were',
        body: personBody,
        response: answers({ 200: named(erasedPerson), ...problems(400) }),
      },
    },
    async (request) => {
      const erased = await overview.erasePerson(request.body.person, mayErase(request.who))
      const { audited } = request
      // Who it was is told to nobody.
      if (audited) request.audited = { ...audited, resource: 'person', details: detailsOf(erased) }
      return erased
    },
  )
}

function detailsOf({ datasets, busy, ...counts }: ErasedPerson): Json {
  return { ...counts, datasets: [...datasets], busy: [...busy] }
}

/** The namespaces of whose datasets; nothing: of all. */
function mayErase(who: Principal): readonly string[] | undefined {
  return visibleIn(who, 'transfers.control').namespaces
}

/** What was received and belongs to no pipeline yet is for those who may do so everywhere. */
async function assertMay(app: App, who: Principal, permission: Permission, id: string): Promise<void> {
  const found = await app.transfers.overview.namespacesOf(id)
  const namespaces = found.length > 0 ? found : ['']
  // Whoever may see one of the pipelines that share it sees what that one does.
  if (namespaces.some((namespace) => may(who, permission, namespace))) return
  throw new SluseError('SLUSE-DATASET-NOT-FOUND', `(${id})`)
}
