import { Type, type Static, type TSchema } from 'typebox'
import type { Json } from '../workflow/index.ts'
import { approval, approvalSummary, delegation } from './approval-schemas.ts'
import { transferComponents } from './transfer-schemas.ts'

/**
 * The shapes of the API, once: they check what comes in, type the routes, and are the components of
 * `/openapi.json`. A shape that many operations give back is a named component.
 */

const text = (most: number, description?: string) =>
  Type.String({ minLength: 1, maxLength: most, ...(description === undefined ? {} : { description }) })
const time = Type.String({ description: 'ISO 8601, UTC.' })
const anything = Type.Unsafe<Json>({ description: 'Any JSON.' })

export const reference = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  version: Type.String(),
})

export const problem = Type.Object(
  {
    type: Type.String(),
    title: Type.Optional(Type.String()),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String()),
    code: Type.Optional(Type.String({ description: 'The code of our own errors: SLUSE-…' })),
  },
  { $id: 'Problem', description: 'Problem details, RFC 9457.', additionalProperties: true },
)

export const finding = Type.Object(
  {
    severity: Type.Union([Type.Literal('error'), Type.Literal('warning')]),
    code: Type.String(),
    message: Type.String(),
    todo: Type.String(),
    file: Type.Optional(Type.String()),
    line: Type.Integer(),
    column: Type.Integer(),
    pointer: Type.String(),
  },
  { $id: 'Finding', description: 'Something wrong with a definition, where it is, and what to do.' },
)

export const runStatuses = [
  'pending',
  'running',
  'waiting',
  'suspended',
  'cancelled',
  'faulted',
  'completed',
] as const

const runStatus = Type.Enum([...runStatuses])

export const run = Type.Object(
  {
    id: Type.String(),
    definition: reference,
    status: runStatus,
    startedAt: time,
    endedAt: Type.Optional(time),
    by: Type.Optional(Type.String()),
    parent: Type.Optional(Type.String()),
    rerunOf: Type.Optional(Type.String()),
    labels: Type.Record(Type.String(), Type.String()),
    error: Type.Optional(named(problem)),
    stuck: Type.Optional(
      Type.Object(
        { since: time, reason: Type.String(), detail: Type.String() },
        { description: 'It makes no progress, and nothing will move it.' },
      ),
    ),
    waitsFor: Type.Optional(
      Type.Array(
        Type.Object({
          key: Type.String({ description: "The task's key." }),
          kind: Type.Enum(['time', 'event', 'run', 'target']),
          until: Type.Optional(time),
          type: Type.Optional(Type.String({ description: 'Of the event.' })),
          target: Type.Optional(
            Type.String({ description: 'Key of the target that is down, held or busy.' }),
          ),
        }),
        { description: 'Of one run that waits on disk: for what, up to twenty.' },
      ),
    ),
  },
  { $id: 'Run' },
)

export const targetName = Type.Object({ name: text(500, 'Key or name.') })

export const targetLimits = Type.Object(
  {
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Calls at once.' })),
    perSecond: Type.Optional(Type.Number({ description: 'Calls begun in a second; may be below 1.' })),
  },
  { additionalProperties: false },
)

const count = Type.Integer({ minimum: 0 })

export const target = Type.Object(
  {
    key: Type.String(),
    kind: Type.Union([Type.Literal('app'), Type.Literal('component')]),
    name: Type.String({ description: "The connection's name, or the origin of an address." }),
    breaker: Type.Optional(
      Type.Object({
        state: Type.Enum(['closed', 'open', 'half-open', 'held']),
        retryAt: Type.Optional(
          Type.String({ description: 'When an open breaker lets a call try. ISO 8601, UTC.' }),
        ),
        requests: count,
        totalSuccesses: count,
        totalFailures: count,
        consecutiveSuccesses: count,
        consecutiveFailures: count,
      }),
    ),
    limits: Type.Object({
      concurrency: Type.Optional(Type.Integer()),
      perSecond: Type.Optional(Type.Number()),
      running: count,
      pausedUntil: Type.Optional(
        Type.String({ description: 'The target asked for no calls before this. ISO 8601, UTC.' }),
      ),
    }),
    limitsChanged: Type.Boolean({
      description: 'An operator has changed the limits that the connection declares.',
    }),
    queued: Type.Integer({ minimum: 0, description: 'Calls in memory that wait for a place.' }),
    waiting: Type.Integer({ minimum: 0, description: 'Calls on disk that wait for the target.' }),
    attempts: count,
    failures: count,
    retries: count,
    postponed: Type.Integer({ minimum: 0, description: 'How often a call was put down on disk.' }),
    policies: Type.Object(
      { timeout: Type.String(), retry: Type.String(), breaker: Type.String() },
      { description: 'Where each part comes from: the name of a policy, or `built-in`.' },
    ),
  },
  { $id: 'Target', description: 'A system that pipelines call. Counts are since the start.' },
)

export type TargetAnswer = Static<typeof target>

export const processInfo = Type.Object(
  {
    id: Type.String(),
    host: Type.String(),
    pid: Type.Integer(),
    role: Type.Enum(['api', 'worker', 'all']),
    version: Type.String(),
    startedAt: time,
    seenAt: Type.Unsafe<string>({ ...time, description: 'Its last sign of life. ISO 8601, UTC.' }),
    state: Type.Enum(['alive', 'stopping', 'gone'], {
      description: '`gone`: it has not been heard of for 9 seconds, and did not say that it ends.',
    }),
    works: Type.Boolean({ description: 'It carries runs out.' }),
    leads: Type.Boolean({ description: 'It deals with schedules and events for all.' }),
    liveRuns: Type.Integer({ minimum: 0, description: 'Runs in its memory.' }),
    activitiesRunning: Type.Integer({ minimum: 0, description: 'Calls and processes under way in it.' }),
    configuration: Type.Optional(
      Type.String({
        description: 'Differs where two have read different connections, policies or functions.',
      }),
    ),
    self: Type.Boolean({ description: 'It is the one that answers.' }),
  },
  { $id: 'Process', description: 'A server or worker of the installation.' },
)

export type ProcessAnswer = Static<typeof processInfo>

export const task = Type.Object(
  {
    task: Type.String({ description: 'JSON pointer in the definition.' }),
    key: Type.String({ description: 'The same with the iteration path; what a rerun takes as `from`.' }),
    status: runStatus,
    createdAt: time,
    startedAt: Type.Optional(time),
    endedAt: Type.Optional(time),
    input: Type.Optional(anything),
    output: Type.Optional(anything),
    error: Type.Optional(named(problem)),
    retries: Type.Integer(),
    retriedAt: Type.Optional(Type.Array(time)),
  },
  { $id: 'Task' },
)

export const logLine = Type.Object(
  {
    seq: Type.Integer({ description: 'Orders the lines of a run; what `after` takes.' }),
    at: time,
    level: Type.Enum(['error', 'warn', 'info', 'debug']),
    message: Type.String(),
    data: Type.Unsafe<{ [name: string]: unknown }>({
      type: 'object',
      additionalProperties: true,
      description: 'What else was said: `function`, `trace`.',
    }),
  },
  { $id: 'LogLine', description: 'A line of the log of a run. Secrets are masked.' },
)

/** A definition as a picture: what a client draws. Texts are as they were written. */
export const graph = Type.Object(
  {
    nodes: Type.Array(
      Type.Object({
        id: Type.String(),
        shape: Type.Enum(['box', 'circle', 'diamond', 'dot', 'flag', 'hexagon', 'stadium', 'subroutine']),
        text: Type.Array(Type.String(), { description: 'Lines.' }),
        task: Type.Optional(
          Type.String({ description: 'JSON pointer of the task that it is, or is part of.' }),
        ),
        frame: Type.Optional(Type.String({ description: 'The frame that it is in.' })),
      }),
    ),
    frames: Type.Array(
      Type.Object({
        id: Type.String(),
        title: Type.String(),
        task: Type.Optional(Type.String()),
        frame: Type.Optional(Type.String()),
      }),
    ),
    edges: Type.Array(
      Type.Object({ from: Type.String(), to: Type.String(), label: Type.String(), dashed: Type.Boolean() }),
    ),
  },
  { $id: 'Graph' },
)

/** Where in a definition's text something is, from 1. */
const places = Type.Record(Type.String(), Type.Object({ line: Type.Integer(), column: Type.Integer() }), {
  description: 'Line and column of what a JSON pointer names, for each task.',
})

/** A definition with what is needed to show it. */
export const shownDefinition = {
  source: Type.String({ description: 'As it was written, YAML or JSON.' }),
  flow: named(graph),
  places,
}

export const pipeline = Type.Object(
  {
    namespace: Type.String(),
    name: Type.String(),
    version: Type.String(),
    title: Type.Optional(Type.String()),
    summary: Type.Optional(Type.String()),
    file: Type.Optional(Type.String()),
    schedule: Type.Optional(anything),
    disabled: Type.Optional(
      Type.Object(
        { at: time, by: Type.Optional(Type.String()) },
        { description: 'No run of it is started, whatever the version, until it is enabled again.' },
      ),
    ),
  },
  { $id: 'Pipeline' },
)

export const startedRun = Type.Object(
  {
    id: Type.String(),
    existing: Type.Boolean({ description: 'True where this is the run that the same key started before.' }),
  },
  { $id: 'StartedRun' },
)

/** CloudEvents 1.0, JSON format; `data` and `data_base64` exclude one another. */
export const cloudEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: text(1000),
    source: text(2000, 'URI reference.'),
    type: text(1000),
    time: Type.Optional(time),
    subject: Type.Optional(Type.String({ maxLength: 10_000 })),
    datacontenttype: Type.Optional(Type.String()),
    dataschema: Type.Optional(Type.String()),
    data: Type.Optional(anything),
    data_base64: Type.Optional(Type.String()),
  },
  { $id: 'CloudEvent', description: 'A CloudEvent 1.0, structured.', additionalProperties: true },
)

export const apiKey = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    prefix: Type.String({ description: 'How the key begins.' }),
    owner: Type.Optional(Type.String({ description: 'Whose it is; absent for that of a machine.' })),
    roles: Type.Array(Type.String()),
    createdBy: Type.String(),
    createdAt: time,
    expiresAt: time,
    usedAt: Type.Optional(time),
    revokedAt: Type.Optional(time),
    revokedBy: Type.Optional(Type.String()),
  },
  { $id: 'Key', description: 'What is known of a key; never the key itself.' },
)

export const user = Type.Object(
  {
    subject: Type.String(),
    name: Type.String(),
    email: Type.Optional(Type.String()),
    locale: Type.Optional(Type.String()),
    groups: Type.Array(Type.String()),
    roles: Type.Array(Type.String()),
    firstSeen: time,
    lastSeen: time,
  },
  { $id: 'User' },
)

export const auditRecord = Type.Object(
  {
    number: Type.Integer(),
    hash: Type.String({ description: 'SHA-256 of the number, the hash before, and this entry.' }),
    at: time,
    who: Type.Object({
      subject: Type.String(),
      name: Type.Optional(Type.String()),
      roles: Type.Optional(Type.Array(Type.String())),
      key: Type.Optional(Type.String()),
    }),
    action: Type.String(),
    resource: Type.String(),
    namespace: Type.Optional(Type.String()),
    outcome: Type.Enum(['allowed', 'done', 'refused', 'failed']),
    from: Type.Optional(
      Type.Object({
        ip: Type.Optional(Type.String()),
        agent: Type.Optional(Type.String()),
        via: Type.Optional(Type.Enum(['session', 'key', 'local'])),
      }),
    ),
    purpose: Type.Optional(Type.String()),
    details: Type.Optional(anything),
  },
  { $id: 'AuditEntry' },
)

export const components: readonly TSchema[] = [
  problem,
  finding,
  run,
  task,
  logLine,
  graph,
  pipeline,
  startedRun,
  cloudEvent,
  apiKey,
  user,
  auditRecord,
  target,
  processInfo,
  approvalSummary,
  approval,
  delegation,
  ...transferComponents,
]

/** A component by its name, so that the document holds it once. For answers only: requests are checked whole. */
export function named<S extends TSchema>(schema: S) {
  return Type.Unsafe<Static<S>>({ $ref: `${(schema as { $id?: string }).$id}#` })
}

const problemAnswer = {
  description: 'Problem details.',
  content: { 'application/problem+json': { schema: named(problem) } },
}

/**
 * What an operation answers, by status. The answers are what history and engine give, typed there; that they are as
 * declared here is what the tests check.
 */
export function answers(schemas: { readonly [status: number]: unknown }): { [status: string]: TSchema } {
  return { ...schemas, default: problemAnswer }
}

/** Problem details under the statuses that an operation may answer with. */
export function problems(...statuses: readonly number[]) {
  return Object.fromEntries(statuses.map((status) => [status, problemAnswer]))
}

export const runId = Type.Object({ id: text(200) })
export const pipelineName = Type.Object({ namespace: text(200), name: text(200) })

export const runFilters = Type.Object(
  {
    status: Type.Optional(
      Type.String({ description: `With commas between them: ${runStatuses.join(', ')}.` }),
    ),
    namespace: Type.Optional(text(200)),
    name: Type.Optional(text(200)),
    version: Type.Optional(text(100)),
    from: Type.Optional(text(40, 'Runs that started at or after this, ISO 8601.')),
    to: Type.Optional(text(40, 'Runs that started before this, ISO 8601.')),
    text: Type.Optional(text(200, "Found in the id, the definition's name, a label or the error.")),
    correlation: Type.Optional(
      text(1000, 'The idempotency key of its start, or the value by which it waits for an event. Whole.'),
    ),
    stuck: Type.Optional(Type.Literal(true, { description: 'Only runs that nothing will move.' })),
    parent: Type.Optional(text(200)),
    cursor: Type.Optional(text(500, '`next` of the page before.')),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  },
  { additionalProperties: false },
)

export const startBody = Type.Object({ input: Type.Optional(anything) }, { additionalProperties: false })

export const keyBody = Type.Object(
  {
    name: text(200, 'What it is for.'),
    roles: Type.Array(text(500), {
      minItems: 1,
      maxItems: 20,
      description:
        '`operator@grants`, `viewer` for all namespaces, `operator@*:events.publish` for one permission.',
    }),
    days: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 366, description: 'How long it is valid. Default: 90.' }),
    ),
  },
  { additionalProperties: false },
)

export const rerunBody = Type.Object(
  {
    from: Type.Optional(text(2000, 'Key of the task to begin with; without it the run begins anew.')),
    input: Type.Optional(anything),
    definition: Type.Optional(Type.Union([Type.Literal('original'), Type.Literal('newest')])),
  },
  { additionalProperties: false },
)

export const bulkBody = Type.Object(
  {
    action: Type.Union([
      Type.Literal('cancel'),
      Type.Literal('suspend'),
      Type.Literal('resume'),
      Type.Literal('rerun'),
    ]),
    ids: Type.Array(text(200), { minItems: 1, maxItems: 500, uniqueItems: true }),
  },
  { additionalProperties: false },
)
