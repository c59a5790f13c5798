import { hasCode } from '../../errors.ts'
import { fault, problemOf, type ChildRun, type Json } from '../../workflow/index.ts'
import { derivedId } from '../records/ids.ts'
import { assertDepth } from '../run/child.ts'
import { isOver, type RunRow } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import type { Batch, ChildState, Loaded, Place, RecordActivities } from './protocol.ts'
import { superseded } from './protocol.ts'

/** What the sandbox asks of the records. Each may be carried out more than once. */
export function recordActivities(core: Cluster): RecordActivities {
  const { records, definitions, inbox, settings } = core
  return {
    async load(run): Promise<Loaded | undefined> {
      const row = await records.row(run)
      if (!row || isOver(row.status)) return undefined
      const { workflow } = await definitions.get(row.digest)
      const secrets = only(row.seal?.names ?? [], await records.secrets(row.seal))
      const items = await records.journal(row, await records.sealer(row))
      const epoch = await takeUp(core, run)
      const parent = row.parent === undefined ? undefined : await records.row(row.parent)
      const { maxResultBytes } = settings
      const searchable = core.searchAttributes.known
      return {
        ...{ row, workflow, items, secrets, epoch, maxResultBytes, searchable },
        ...(parent && { parent: parent.id }),
      }
    },

    commit: (place, batches) => commitBatches(core, place, batches),

    async next({ run, filters, consumed, consumedTo, scannedTo }) {
      const listener = { row: run, consumed: new Set(consumed), consumedTo: new Map(consumedTo) }
      const pending = { scannedTo }
      const found = await inbox.next(listener, pending, filters)
      return { ...(found && { found }), ...pending, consumedTo: [...listener.consumedTo] }
    },

    beginChild: (parent, key, child) => beginChild(core, parent, key, child),

    async childOutcome(child) {
      const row = await records.row(child)
      if (!row) throw new Error(`The run ${child} is gone.`)
      return records.outcome(row)
    },
  }
}

/** A store of secrets may give more than it is asked for. */
export function only(
  names: readonly string[],
  secrets: { readonly [name: string]: Json },
): { [name: string]: Json } {
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(secrets, name) ? [[name, secrets[name] as Json]] : [])),
  )
}

/** From here on only this execution writes of the run. */
async function takeUp({ database, clock }: Cluster, run: number): Promise<number> {
  const make = `INSERT INTO executions (run, epoch, batch, created_at) VALUES (?, 0, 0, ?) ON CONFLICT DO NOTHING`
  await database.commit([
    { sql: make, parameters: [run, clock.now()] },
    { sql: 'UPDATE executions SET epoch = epoch + 1, batch = 0 WHERE run = ?', parameters: [run] },
  ])
  const [row] = await database.query<{ epoch: number }>('SELECT epoch FROM executions WHERE run = ?', [run])
  return row?.epoch ?? 0
}

/** Writes what is not written yet of the batches, in one transaction that no earlier execution can make. */
export async function commitBatches(core: Cluster, place: Place, all: readonly Batch[]): Promise<void> {
  const { database, commits, libraries } = core
  let batches = all
  while (batches.length > 0) {
    const first = batches[0]?.number ?? 0
    const last = batches.at(-1)?.number ?? 0
    const units = batches.flatMap((batch) => batch.units)
    const fence = {
      sql: 'UPDATE executions SET batch = ? WHERE run = ? AND epoch = ? AND batch = ?',
      parameters: [last, place.run, place.epoch, first - 1],
      expect: 1,
    }
    try {
      await commits.write({
        events: units.flatMap((unit) => unit.events ?? []),
        feeds: units.flatMap((unit) => (unit.feed ? [unit.feed] : [])),
        statements: [fence, ...units.flatMap((unit) => unit.statements ?? [])],
      })
      if (units.some((unit) => unit.events)) core.notify()
      return
    } catch (error) {
      if (!hasCode(error, 'SLUSE-STORE-CHANGED')) throw error
    }
    const [now] = await database.query<{ epoch: number; batch: number }>(
      'SELECT epoch, batch FROM executions WHERE run = ?',
      [place.run],
    )
    // The last batch of a run takes the row away.
    if (!now && isOver((await core.records.row(place.run))?.status ?? 'completed')) return
    const ours = now?.epoch === place.epoch
    const left = batches.filter(({ number }) => number > (now?.batch ?? 0))
    if (!ours || left.length === batches.length)
      throw libraries.common.ApplicationFailure.nonRetryable(
        'Another execution has taken the run over.',
        superseded,
      )
    batches = left
  }
}

async function beginChild(core: Cluster, parent: number, key: string, child: ChildRun): Promise<ChildState> {
  const { records, settings, runs, definitions } = core
  const above = await records.row(parent)
  if (!above) throw new Error(`The run ${parent} is gone.`)
  const id = derivedId(above.id, `child ${key}`)
  const started = await records.find(id).catch((error: unknown) => {
    if (hasCode(error, 'SLUSE-RUN-NOT-FOUND')) return undefined
    throw error
  })
  try {
    if (!started) {
      assertDepth(above.depth, settings.maxChildDepth, child)
      await Promise.all([definitions.open(), core.pauses.open()])
      core.pauses.assertEnabled(child)
    }
    const row = started ?? (await create(core, id, above, key, child))
    if (isOver(row.status)) return { is: 'over', outcome: await records.outcome(row) }
    if (started) await runs.begin(row)
    return { is: 'under way', run: row.number, id }
  } catch (error) {
    if (hasCode(error, 'SLUSE-DEFINITION-NOT-FOUND') || hasCode(error, 'SLUSE-PIPELINE-DISABLED'))
      return { is: 'refused', problem: fault('configuration', (error as Error).message).problem }
    const problem = problemOf(error)
    if (problem) return { is: 'refused', problem }
    throw error
  }
}

async function create(
  core: Cluster,
  id: string,
  parent: RunRow,
  key: string,
  child: ChildRun,
): Promise<RunRow> {
  const { namespace, name, version, input } = child
  const definition = await core.definitions.resolve({ namespace, name, version })
  return new Promise((resolve, reject) => {
    let row: RunRow | undefined
    const durable = () => resolve(row as RunRow)
    const spec = { id, input, by: 'run', parent, parentKey: key, durable, refused: reject }
    core.runs.create(definition, spec).then((made) => (row = made), reject)
  })
}
