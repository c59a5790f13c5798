import { Type, type Static, type TSchema } from 'typebox'
import type { Json } from '../workflow/index.ts'

/** The shapes of transfers, datasets, dead letters and connections in the API; as those of `schemas.ts`. */

const time = Type.String({ description: 'ISO 8601, UTC.' })
const anything = Type.Unsafe<Json>({ description: 'Any JSON.' })
const problem = Type.Unsafe<{ [key: string]: unknown }>({ $ref: 'Problem#' })
const pipeline = Type.Optional(Type.Object({ namespace: Type.String(), name: Type.String() }))
const id = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })
const cursor = Type.Optional(Type.String({ maxLength: 30, description: '`next` of the page before.' }))
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 }))
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }))

const transferStatus = Type.Enum(['reading', 'delivering', 'completed', 'failed', 'cancelled'])
const letterStatus = Type.Enum(['open', 'replaying', 'replayed', 'discarded'])

const trouble = Type.Optional(
  Type.Object(
    { attempt: Type.Integer(), since: time, next: time, problem },
    { description: 'What keeps failing, and when it is tried again.' },
  ),
)
const rates = {
  rate: Type.Optional(Type.Integer({ description: 'Records a second, while it is under way.' })),
  secondsLeft: Type.Optional(Type.Integer({ minimum: 0 })),
}

const worker = Type.Optional(
  Type.String({
    description: 'The process that does it now, where several share the work: host and process.',
  }),
)

const helpers = Type.Optional(
  Type.Array(Type.String(), { description: 'Other processes that do a part of it now: host and process.' }),
)

const summary = {
  id: Type.String(),
  kind: Type.Enum(['run', 'replay']),
  status: transferStatus,
  pipeline,
  run: Type.Optional(Type.String()),
  task: Type.Optional(Type.String({ description: 'Key of the task within the run.' })),
  source: Type.String(),
  dataset: Type.String({ description: 'URI of the dataset.' }),
  read: Type.Integer({ description: 'Records read.' }),
  bad: Type.Integer({ description: 'Records that could not be read, or that a step failed on.' }),
  startedAt: time,
  endedAt: Type.Optional(time),
  error: Type.Optional(problem),
}

export const transferSummary = Type.Object(
  { ...summary, targets: Type.Array(Type.String()) },
  { $id: 'TransferSummary' },
)

export const transfer = Type.Object(
  {
    ...summary,
    records: Type.Integer({ description: 'Records in the dataset.' }),
    deadLetters: Type.Integer(),
    readAt: Type.Optional(time),
    progress: Type.Optional(
      Type.Object({
        done: Type.Number(),
        total: Type.Number(),
        unit: Type.Enum(['bytes', 'records']),
      }),
    ),
    ...rates,
    trouble,
    worker,
    helpers,
    targets: Type.Array(
      Type.Object({
        name: Type.String(),
        connection: Type.String(),
        mode: Type.String(),
        status: Type.Enum(['waiting', 'delivering', 'completed', 'failed']),
        records: Type.Integer({ description: 'Records of the dataset that are behind it.' }),
        delivered: Type.Integer(),
        refused: Type.Integer(),
        ...rates,
        trouble,
        worker,
        helpers,
        error: Type.Optional(problem),
      }),
    ),
  },
  { $id: 'Transfer', description: 'A transfer, with how far it is.' },
)

export const dataset = Type.Object(
  {
    id: Type.String(),
    uri: Type.String(),
    source: Type.String(),
    createdAt: time,
    expiresAt: Type.Optional(time),
    erasedAt: Type.Optional(time),
    records: Type.Integer(),
    bytes: Type.Integer({ description: 'As newline-delimited JSON.' }),
    complete: Type.Boolean({ description: 'Whether its source was read to its end.' }),
    personalData: Type.Boolean(),
  },
  { $id: 'Dataset' },
)

export const erasedPerson = Type.Object(
  {
    datasets: Type.Array(Type.String(), { description: 'Those that held records of the person.' }),
    records: Type.Integer(),
    deadLetters: Type.Integer(),
    busy: Type.Array(Type.String(), {
      description:
        'Datasets with records of the person that a transfer needs just now: ask again once it has ended.',
    }),
  },
  { $id: 'ErasedPerson' },
)

const letterMembers = {
  number: Type.Integer(),
  transfer: Type.String(),
  pipeline,
  target: Type.Optional(
    Type.String({
      description: 'The target that refused it; absent where it was not read, or a step failed on it.',
    }),
  ),
  step: Type.Optional(Type.Integer({ description: 'The step that failed on it, from 0.' })),
  origin: Type.String({ description: 'Where it came from: `payments.csv:17`.' }),
  problem,
  attempts: Type.Integer(),
  status: letterStatus,
  createdAt: time,
  updatedAt: time,
  replay: Type.Optional(Type.String({ description: 'The transfer that replayed it last.' })),
}

export const deadLetter = Type.Object(letterMembers, { $id: 'DeadLetter' })

export const deadLetterDetail = Type.Object(
  {
    ...letterMembers,
    record: Type.Optional(anything),
    raw: Type.Optional(Type.String({ description: 'As it stood, where it is no JSON.' })),
  },
  { $id: 'DeadLetterDetail', description: 'A dead letter with its record; personal data is hidden.' },
)

export const connection = Type.Object(
  {
    name: Type.String(),
    type: Type.String(),
    kind: Type.Enum(['Component', 'HTTPEndpoint']),
    about: Type.Optional(Type.String()),
    source: Type.Boolean({ description: 'Whether records can be read from it.' }),
    targetModes: Type.Array(Type.String(), { description: 'How records can be written to it.' }),
  },
  { $id: 'Connection' },
)

export const transferComponents: readonly TSchema[] = [
  transferSummary,
  transfer,
  dataset,
  erasedPerson,
  deadLetter,
  deadLetterDetail,
  connection,
]

export const transferFilters = Type.Object(
  {
    status: Type.Optional(transferStatus),
    run: name,
    troubled: Type.Optional(Type.Literal(true, { description: 'Only those that fail at present.' })),
    namespace: name,
    name,
    cursor,
    limit,
  },
  { additionalProperties: false },
)
export const datasetFilters = Type.Object({ cursor, limit }, { additionalProperties: false })
export const previewQuery = Type.Object(
  {
    from: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Number of the first record.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 20 })),
  },
  { additionalProperties: false },
)
const letterQuery = {
  status: Type.Optional(letterStatus),
  transfer: name,
  target: name,
  namespace: name,
  name,
}
export const letterFilters = Type.Object({ ...letterQuery, cursor, limit }, { additionalProperties: false })
export const transferIdParameter = Type.Object({ id })
export const letterNumber = Type.Object({ number: Type.Integer({ minimum: 1 }) })
export const replayBody = Type.Object(
  { target: Type.String({ minLength: 1, maxLength: 200, description: 'A target by its name.' }) },
  { additionalProperties: false },
)
export const personBody = Type.Object(
  {
    person: Type.String({
      minLength: 4,
      maxLength: 200,
      description:
        'What tells who it is in a record, such as a CPR number: every record in which a member is this.',
    }),
  },
  { additionalProperties: false },
)
export const lettersBody = Type.Object(
  {
    numbers: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 10_000 })),
    where: Type.Optional(
      Type.Object(letterQuery, {
        additionalProperties: false,
        minProperties: 1,
        description: 'All open ones that match, at most 10,000.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Which: by their numbers, or by what they have in common.' },
)
export type LettersBody = Static<typeof lettersBody>
export const recordBody = Type.Object({ record: anything }, { additionalProperties: false })
