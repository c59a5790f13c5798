import { hasCode } from '../../errors.ts'
import type { RunStatus } from '../../history/index.ts'
import { fault, problemOf, type ChildRun } from '../../workflow/index.ts'
import { derivedId } from '../records/ids.ts'
import { assertDepth } from '../run/child.ts'
import { isOver, type RunRow } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import { setOut } from './ahead/set-out.ts'
import { alive } from './alive.ts'
import { commitBatches, takeBack } from './executions.ts'
import type { Batch, ChildState, Place, RecordActivities } from './protocol.ts'

/** What the sandbox asks of the records. Each may be carried out more than once. */
export function recordActivities(core: Cluster): RecordActivities {
  const { records, inbox } = core

  async function commit(place: Place, batches: readonly Batch[]): Promise<RunStatus | undefined> {
    if ((await commitBatches(core, place, batches)) === 'written') return undefined
    const status = (await records.row(place.run))?.status ?? 'cancelled'
    return isOver(status) ? status : undefined
  }

  return {
    setOut: (run, carriesOn) => alive(core, (signal) => setOut(core, run, carriesOn, signal)),

    commit,

    async takeBack(over) {
      const place = await takeBack(core, over)
      const row = await records.row(over.place.run)
      if (!row || !place || isOver(row.status)) return { over: row?.status ?? 'cancelled' }
      const rows = await records.rows(row, await records.sealer(row))
      return { back: { place, batch: 0, items: rows.slice(over.rows).flat(), rows: rows.length } }
    },

    async commitAlone(place, batch) {
      try {
        const over = await commit(place, [batch])
        return over && { over }
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        if (code === 'SLUSE-STORE-CHANGED' || code === 'SLUSE-STORE') return { code, message }
        throw error
      }
    },

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
