import { Type } from 'typebox'
import {
  asked,
  contentOf,
  peopleOf,
  type Approval,
  type ApprovalView,
  type Delegation,
} from '../../approvals/index.ts'
import { approvalDatasets } from '../../app.ts'
import { SluseError } from '../../errors.ts'
import { problemOf, type Json } from '../../workflow/index.ts'
import {
  approval,
  approvalStatuses,
  approvalSummary,
  decisionBody,
  delegation,
  delegationBody,
  reassignBody,
} from '../approval-schemas.ts'
import { entryOf, originOf } from '../authorise.ts'
import { answers, named, problems } from '../schemas.ts'
import type { Route } from './route.ts'

const id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
/** Whoever may see approvals gets as far as the gate, which judges the rest and writes it down. */
const gated = { permission: 'approvals.read', in: 'some', audit: false } as const
const deciding = { permission: 'approvals.decide', in: 'some', audit: false } as const
const refusals = problems(400, 401, 403, 404, 409, 413, 415, 422)

export const approvalRoutes: Route = (scope, { app }) => {
  const { approvals } = app
  const datasets = approvalDatasets(app.transfers)

  scope.get(
    '/api/v1/approvals',
    {
      config: { access: { permission: 'approvals.read', in: 'some' } },
      schema: {
        tags: ['approvals'],
        operationId: 'listApprovals',
        summary: 'What waits for you (oldest first), what you took part in, or all (newest first)',
        querystring: Type.Object(
          {
            box: Type.Optional(Type.Enum(['inbox', 'mine', 'all'], { default: 'inbox' })),
            status: Type.Optional(
              Type.String({
                maxLength: 200,
                description: `With commas between them: ${approvalStatuses.join(', ')}.`,
              }),
            ),
            namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
            run: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Its id.' })),
            cursor: Type.Optional(
              Type.String({ pattern: '^\\d{1,15}$', description: '`next` of the page before.' }),
            ),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({
            approvals: Type.Array(named(approvalSummary)),
            next: Type.Optional(Type.String()),
          }),
          ...problems(400, 401, 403),
        }),
      },
    },
    async ({ query, who }) => {
      const { box = 'inbox', status, namespace, run, cursor, limit = 50 } = query
      const page = await approvals.list(
        {
          box,
          limit,
          ...(status !== undefined && { status: statusesOf(status) }),
          ...(namespace !== undefined && { namespace }),
          ...(run !== undefined && { run }),
          ...(cursor !== undefined && { cursor: Number(cursor) }),
        },
        who,
      )
      return {
        approvals: page.approvals.map(summaryOf),
        ...(page.next !== undefined && { next: String(page.next) }),
      }
    },
  )

  scope.get(
    '/api/v1/approvals/:id',
    {
      config: { access: gated },
      schema: {
        tags: ['approvals'],
        operationId: 'getApproval',
        summary: 'One approval with its history; with what it shows, for those who are asked',
        params: id,
        response: answers({ 200: named(approval), ...problems(401, 403, 404) }),
      },
    },
    async (request) => {
      const found = await approvals.get(request.params.id, request.who)
      const { namespace, request: wanted, state } = found.approval
      if (found.seesData) await app.audit.write(entryOf(request, 'approvals.data', 'allowed', namespace))
      const { outcome } = state
      return {
        ...summaryOf(found),
        language: wanted.language,
        fourEyes: wanted.fourEyes,
        asked: asked(wanted, state) as never,
        ...(found.seesData && { content: (await contentOf(found.approval, datasets)) as never }),
        ...(outcome && { outcome: { ...outcome, at: iso(outcome.at), by: outcome.by.map(voteOf) } }),
        events: found.events.map((event) => ({ ...event, at: iso(event.at) })),
      }
    },
  )

  scope.post(
    '/api/v1/approvals/:id/decide',
    {
      config: { access: deciding },
      schema: {
        tags: ['approvals'],
        operationId: 'decideApproval',
        summary: 'Approve, reject, or send back for changes; a no needs a comment',
        description:
          'The decision, its entry in the audit log and the wake-up of the run are one transaction. Of two who decide at once one is told 409.',
        params: id,
        body: decisionBody,
        response: answers({ 200: named(approvalSummary), ...refusals }),
      },
    },
    async (request) =>
      decided(await approvals.decide(request.params.id, request.body, request.who, originOf(request))),
  )

  for (const action of ['claim', 'release'] as const) {
    scope.post(
      `/api/v1/approvals/:id/${action}`,
      {
        config: { access: action === 'claim' ? deciding : gated },
        schema: {
          tags: ['approvals'],
          operationId: `${action}Approval`,
          summary:
            action === 'claim' ? 'Take it on, so that others leave it to you' : 'Leave it to others again',
          params: id,
          response: answers({ 200: named(approvalSummary), ...refusals }),
        },
      },
      async (request) => decided(await approvals[action](request.params.id, request.who, originOf(request))),
    )
  }

  scope.post(
    '/api/v1/approvals/:id/reassign',
    {
      config: { access: gated },
      schema: {
        tags: ['approvals'],
        operationId: 'reassignApproval',
        summary: 'Ask others instead; by those who manage approvals, or by who is asked',
        params: id,
        body: reassignBody,
        response: answers({ 200: named(approvalSummary), ...refusals }),
      },
    },
    async (request) => {
      const { to, comment = '' } = request.body
      const people = peopleIn(to)
      return decided(
        await approvals.reassign(request.params.id, people, comment, request.who, originOf(request)),
      )
    },
  )

  scope.get(
    '/api/v1/delegations',
    {
      config: { access: gated },
      schema: {
        tags: ['approvals'],
        operationId: 'listDelegations',
        summary: 'Who stands in for whom: your own, or all for those who manage approvals',
        response: answers({
          200: Type.Object({ delegations: Type.Array(named(delegation)) }),
          ...problems(401, 403),
        }),
      },
    },
    async ({ who }) => ({ delegations: (await approvals.delegations(who)).map(delegationOf) }),
  )

  scope.post(
    '/api/v1/delegations',
    {
      config: { access: gated },
      schema: {
        tags: ['approvals'],
        operationId: 'delegate',
        summary:
          'Have somebody stand in for you while you are away; for others, by those who manage approvals',
        body: delegationBody,
        response: answers({ 201: named(delegation), ...refusals }),
      },
    },
    async (request, reply) => {
      const { body, who } = request
      const now = app.now()
      const made = await approvals.delegate(
        {
          from: body.from ?? who.subject,
          to: body.to,
          ...(body.namespace !== undefined && { namespace: body.namespace }),
          ...(body.reason !== undefined && { reason: body.reason }),
          beginsAt: body.beginsAt === undefined ? now : timeOf(body.beginsAt),
          endsAt: timeOf(body.endsAt),
          createdBy: who.subject,
        },
        who,
        originOf(request),
      )
      return reply.code(201).send(delegationOf(made))
    },
  )

  scope.post(
    '/api/v1/delegations/:id/end',
    {
      config: { access: gated },
      schema: {
        tags: ['approvals'],
        operationId: 'endDelegation',
        summary: 'Nobody stands in any more',
        params: id,
        response: answers({ 204: { description: 'It has ended.' }, ...refusals }),
      },
    },
    async (request, reply) => {
      await approvals.endDelegation(request.params.id, request.who, originOf(request))
      return reply.code(204).send()
    },
  )
}

function decided(found: Approval) {
  return summaryOf({ approval: found, mayDecide: false })
}

function summaryOf({ approval: found, mayDecide, why }: ApprovalView) {
  const { request, state } = found
  return {
    id: found.id,
    title: request.title,
    pipeline: { namespace: found.namespace, name: found.name, version: found.definitionVersion },
    run: found.run,
    task: found.task,
    status: found.status,
    version: found.version,
    openedAt: iso(found.openedAt),
    ...(state.deadline !== undefined && { deadline: iso(state.deadline) }),
    ...(found.decidedAt !== undefined && { decidedAt: iso(found.decidedAt) }),
    quorum: request.quorum,
    votes: state.votes.map(voteOf),
    ...(state.claim && { claim: { ...state.claim, at: iso(state.claim.at) } }),
    stage: state.stage,
    labels: request.labels as Json,
    mayDecide,
    ...(why !== undefined && { why }),
  }
}

/** What was filled in is the run's: it is not repeated here. */
function voteOf({ form: _form, at, ...vote }: Approval['state']['votes'][number]) {
  return { ...vote, at: iso(at) }
}

function delegationOf({ beginsAt, endsAt, endedAt: _ended, ...rest }: Delegation) {
  return { ...rest, beginsAt: iso(beginsAt), endsAt: iso(endsAt) }
}

function peopleIn(to: Json) {
  try {
    return peopleOf(to, 'to')
  } catch (error) {
    throw new SluseError('SLUSE-REQUEST', problemOf(error)?.detail ?? '')
  }
}

function statusesOf(text: string) {
  return text.split(',').map((word) => {
    const found = approvalStatuses.find((each) => each === word.trim())
    if (found) return found
    throw new SluseError('SLUSE-REQUEST', `${JSON.stringify(word)} is no status.`)
  })
}

function timeOf(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new SluseError('SLUSE-REQUEST', `${JSON.stringify(text)} is no time of ISO 8601.`)
  return at
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
