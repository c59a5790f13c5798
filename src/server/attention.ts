import { Type, type Static } from 'typebox'
import { may, mayIn, type Principal } from '../access/index.ts'
import { configurationsDiffer, type App } from '../app.ts'

const mostApprovals = 100
const mostCounted = 100

export const attention = Type.Object(
  {
    approvals: Type.Optional(
      Type.Object({
        count: Type.Integer({
          description: `Approvals that wait for you; no more than ${mostApprovals} are counted.`,
        }),
        more: Type.Boolean({ description: 'There are more than were counted.' }),
        newest: Type.Object({ id: Type.String(), title: Type.String() }),
      }),
    ),
    deadLetters: Type.Optional(Type.Integer({ description: 'Open dead letters.' })),
    targets: Type.Optional(
      Type.Array(
        Type.Object({
          key: Type.String(),
          name: Type.String(),
          state: Type.Enum(['open', 'half-open', 'held']),
        }),
        { description: 'Targets whose circuit breaker is not closed.' },
      ),
    ),
    stuck: Type.Optional(
      Type.Integer({ description: `Runs that nothing will move; no more than ${mostCounted} are counted.` }),
    ),
    workers: Type.Optional(
      Type.Literal('none', {
        description: 'No process carries runs out: they are accepted, and wait.',
      }),
    ),
    temporal: Type.Optional(
      Type.Literal('away', { description: 'Runs are accepted, and stand still until Temporal is back.' }),
    ),
    configuration: Type.Optional(
      Type.Literal('differs', {
        description: 'Some processes run with other connections, policies or functions than others.',
      }),
    ),
    transfers: Type.Optional(
      Type.Integer({
        description: `Transfers that fail at present and are tried again; no more than ${mostCounted} are counted.`,
      }),
    ),
    disabled: Type.Optional(
      Type.Array(Type.Object({ namespace: Type.String(), name: Type.String() }), {
        description: 'Pipelines that start no runs until they are enabled again.',
      }),
    ),
  },
  {
    description:
      'What somebody must do something about. What there is none of, or you may not see, is absent.',
  },
)

/** What waits for this person to do something about it: only what they may see, and only where there is any. */
export async function attentionOf(app: App, who: Principal): Promise<Static<typeof attention>> {
  const [approvals, deadLetters, targets, disabled, stuck, transfers, processes] = await Promise.all([
    approvalsOf(app, who),
    deadLettersOf(app, who),
    targetsOf(app, who),
    disabledOf(app, who),
    stuckOf(app, who),
    troubledOf(app, who),
    processesOf(app, who),
  ])
  return {
    ...(approvals && { approvals }),
    ...(deadLetters > 0 && { deadLetters }),
    ...(targets.length > 0 && { targets }),
    ...(disabled.length > 0 && { disabled }),
    ...(stuck > 0 && { stuck }),
    ...(transfers > 0 && { transfers }),
    ...processes,
  }
}

async function approvalsOf({ approvals }: App, who: Principal) {
  // Whoever may decide nothing has no inbox to look through.
  if (mayIn(who, 'approvals.decide').length === 0) return undefined
  const page = await approvals.list({ box: 'inbox', newestFirst: true, limit: mostApprovals }, who)
  const [first] = page.approvals
  if (!first) return undefined
  const { id, request } = first.approval
  return { count: page.approvals.length, more: page.next !== undefined, newest: { id, title: request.title } }
}

async function deadLettersOf({ transfers }: App, who: Principal) {
  const namespaces = mayIn(who, 'transfers.read')
  if (namespaces.length === 0) return 0
  return transfers.letters.count({ status: 'open', ...(namespaces !== '*' && { namespaces }) })
}

async function targetsOf({ targets }: App, who: Principal) {
  if (!may(who, 'targets.read')) return []
  return (await targets.list()).flatMap(({ key, name, breaker }) =>
    breaker === undefined || breaker.state === 'closed' ? [] : [{ key, name, state: breaker.state }],
  )
}

async function disabledOf({ pipelines }: App, who: Principal) {
  const disabled = await pipelines.disabled()
  const found = pipelines
    .list()
    .map(({ reference: { namespace, name } }) => ({ namespace, name, key: `${namespace}/${name}` }))
    .filter(({ key, namespace }) => disabled.has(key) && may(who, 'pipelines.read', namespace))
  return [...new Map(found.map(({ key, ...rest }) => [key, rest])).values()]
}

async function stuckOf({ history }: App, who: Principal) {
  const namespaces = mayIn(who, 'runs.read')
  const page = await history.runs({
    stuck: true,
    limit: mostCounted,
    ...(namespaces !== '*' && { namespaces }),
  })
  return page.runs.length
}

async function processesOf({ processes, engine }: App, who: Principal) {
  if (!may(who, 'operation.read')) return {}
  const all = await processes.list()
  const away = engine.health().missing === 'temporal'
  return {
    ...(away && { temporal: 'away' as const }),
    // Where Temporal is away, that is why.
    ...(!away && !all.some(({ works }) => works) && { workers: 'none' as const }),
    ...(configurationsDiffer(all) && { configuration: 'differs' as const }),
  }
}

async function troubledOf({ transfers }: App, who: Principal) {
  const namespaces = mayIn(who, 'transfers.read')
  if (namespaces.length === 0) return 0
  const page = await transfers.overview.list({
    troubled: true,
    limit: mostCounted,
    ...(namespaces !== '*' && { namespaces }),
  })
  return page.transfers.length
}
