import { Type } from 'typebox'
import type { Json } from '../workflow/index.ts'

/** The shapes of approvals in the API. Times are ISO 8601, UTC. */

const anything = Type.Unsafe<Json>({ description: 'Any JSON.' })
const time = Type.String({ description: 'ISO 8601, UTC.' })

export const approvalStatuses = [
  'open',
  'approved',
  'rejected',
  'changes-requested',
  'expired',
  'withdrawn',
] as const

const people = Type.Object({
  users: Type.Array(Type.String()),
  groups: Type.Array(Type.String()),
  roles: Type.Array(Type.String()),
})

const vote = Type.Object({
  subject: Type.String(),
  name: Type.String(),
  at: time,
  for: Type.Optional(Type.String({ description: 'In whose stead.' })),
  comment: Type.Optional(Type.String()),
})

const summaryProperties = {
  id: Type.String(),
  title: Type.String(),
  pipeline: Type.Object({ namespace: Type.String(), name: Type.String(), version: Type.String() }),
  run: Type.String(),
  task: Type.String({ description: 'Key of the task that asks.' }),
  status: Type.Enum([...approvalStatuses]),
  version: Type.Integer({ description: 'Give it with a decision: it counts only for what you saw.' }),
  openedAt: time,
  deadline: Type.Optional(time),
  decidedAt: Type.Optional(time),
  quorum: Type.Integer({ description: 'How many must approve.' }),
  votes: Type.Array(vote, { description: 'Those who have approved so far.' }),
  claim: Type.Optional(Type.Object({ subject: Type.String(), name: Type.String(), at: time })),
  stage: Type.Integer({ description: 'How often it was escalated.' }),
  labels: anything,
  mayDecide: Type.Boolean({ description: 'Whether you may, now.' }),
  why: Type.Optional(Type.String({ description: 'The code of the reason why you may not.' })),
}

export const approvalSummary = Type.Object(summaryProperties, { $id: 'ApprovalSummary' })

const markdown = Type.Array(anything, {
  description:
    'A safe tree of Markdown: nodes have a `type` (text, code, codeBlock, heading, paragraph, strong, emphasis, quote, list, item, link, break, rule) and `value`, `children`, `level`, `ordered`, or `url` and `host`. Make elements of them, never HTML of text.',
})

const difference = Type.Object({
  added: Type.Integer(),
  removed: Type.Integer(),
  changed: Type.Integer(),
  same: Type.Integer(),
  samples: Type.Array(
    Type.Object({
      kind: Type.Enum(['added', 'removed', 'changed']),
      place: Type.String(),
      before: Type.Optional(anything),
      after: Type.Optional(anything),
    }),
  ),
})

const shown = Type.Object({
  title: Type.Optional(Type.String()),
  kind: Type.Enum(['document', 'table', 'dataset']),
  document: Type.Optional(anything),
  columns: Type.Optional(Type.Array(Type.Object({ field: Type.String(), title: Type.String() }))),
  rows: Type.Optional(Type.Array(anything, { description: 'The first 200.' })),
  count: Type.Optional(Type.Integer({ description: 'How many rows there are.' })),
  dataset: Type.Optional(Type.String({ description: 'The URI of a dataset.' })),
  difference: Type.Optional(difference),
  compared: Type.Optional(
    Type.Integer({ description: 'Records that were compared, where they are not all.' }),
  ),
})

export const approval = Type.Object(
  {
    ...summaryProperties,
    language: Type.Enum(['da', 'en']),
    fourEyes: Type.Boolean(),
    asked: Type.Array(people, { description: 'Who may decide: whoever is among any of these.' }),
    content: Type.Optional(
      Type.Object(
        { description: markdown, show: Type.Array(shown), form: Type.Optional(anything) },
        { description: 'What is shown, for those who are asked or have decided; absent for others.' },
      ),
    ),
    outcome: Type.Optional(
      Type.Object({
        decision: Type.Enum(['approved', 'rejected', 'changes-requested']),
        reason: Type.Optional(Type.Enum(['expired', 'withdrawn'])),
        at: time,
        comment: Type.Optional(Type.String()),
        by: Type.Array(vote),
      }),
    ),
    events: Type.Array(
      Type.Object({
        at: time,
        kind: Type.String(),
        subject: Type.Optional(Type.String()),
        data: anything,
      }),
      { description: 'What happened to it, in order.' },
    ),
  },
  { $id: 'Approval' },
)

const comment = Type.Optional(Type.String({ maxLength: 10_000 }))

export const decisionBody = Type.Object(
  {
    decision: Type.Enum(['approved', 'rejected', 'changes-requested']),
    comment,
    form: Type.Optional(anything),
    version: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)

const names = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 1000 }))

export const reassignBody = Type.Object(
  {
    to: Type.Object({ users: names, groups: names, roles: names }, { additionalProperties: false }),
    comment,
  },
  { additionalProperties: false },
)

export const delegation = Type.Object(
  {
    id: Type.String(),
    from: Type.String(),
    to: Type.String(),
    namespace: Type.Optional(Type.String()),
    beginsAt: time,
    endsAt: time,
    reason: Type.Optional(Type.String()),
    createdBy: Type.String(),
  },
  { $id: 'Delegation', description: 'Somebody who stands in for somebody else.' },
)

export const delegationBody = Type.Object(
  {
    to: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Who stands in: their subject, or their confirmed e-mail address.',
    }),
    from: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Default: yourself.' })),
    namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    beginsAt: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601. Default: now.' })),
    endsAt: Type.String({ maxLength: 40, description: 'ISO 8601.' }),
    reason: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { additionalProperties: false },
)
