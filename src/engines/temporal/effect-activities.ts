import type { ActivityCall, Json } from '../../workflow/index.ts'
import { requestFor } from '../run/request.ts'
import { goAhead } from './ahead/go-ahead.ts'
import { only } from './ahead/recorded-run.ts'
import { alive } from './alive.ts'
import type { Cluster } from './cluster.ts'
import { commitBatches } from './executions.ts'
import { performedBy } from './performed.ts'
import type { EffectActivities, Performed } from './protocol.ts'
import { unlessAborted } from './unless-aborted.ts'

/**
 * Effects. What fails for the pipeline is a result; an activity of Temporal's fails only where it is to be tried again,
 * here or on another worker: when the records cannot be written, or this process ends.
 */
export function effectActivities(core: Cluster): EffectActivities {
  const { records, definitions, libraries, database, limiter, unfinished } = core
  const { common } = libraries

  const carryOut = async (
    run: number,
    key: string,
    attempt: number,
    call: ActivityCall,
    signal: AbortSignal,
  ): Promise<Performed> => {
    const row = await records.row(run)
    if (!row) throw common.ApplicationFailure.nonRetryable('The run is gone.')
    const { workflow } = await definitions.get(row.digest)
    const visible = workflow.use?.secrets ?? []
    const secrets = visible.length > 0 ? only(visible, await core.secrets(visible)) : {}
    const request = requestFor({ runId: row.id, key, attempt, secrets, signal }, call)
    const performed = limiter
      .run(() => core.activities(request), signal)
      .then(valueOf, (error: unknown) => performedBy(error, attempt, Date.now()))
    // What does not listen to its signal must not hold up the worker.
    return unlessAborted(signal, performed)
  }

  /** Effects that were let go of have places, and no slot of Temporal's: where they have all, another worker has one. */
  const room = async (signal: AbortSignal) => {
    for (const until = performance.now() + patience; limiter.full && !signal.aborted; await aMoment()) {
      if (performance.now() < until) continue
      throw common.ApplicationFailure.create({
        message: 'Other effects have all places of this process.',
        type: 'no-room',
        nextRetryDelay: patience,
      })
    }
  }

  const perform = (run: number, key: string, attempt: number, call: ActivityCall): Promise<Performed> => {
    const ended = core.underWay.began(run, key, call.kind)
    return alive(core, async (signal) => {
      await room(signal)
      return carryOut(run, key, attempt, call, signal)
    }).finally(ended)
  }

  return {
    async perform({ place, batches, key, attempt, call }) {
      await commitBatches(core, place, batches)
      return perform(place.run, key, attempt, call)
    },

    endUnfinished: (run, key) => alive(core, (signal) => unfinished.end(run, key, signal)),

    goAhead: (over) =>
      alive(core, async (signal) => {
        await room(signal)
        return goAhead(core, over, signal)
      }),

    async performDetached(run, key) {
      const [row] = await database.query<{ kind: string; input: string; attempt: number }>(
        'SELECT kind, input, attempt FROM detached WHERE run = ? AND key = ?',
        [run, key],
      )
      const of = await records.row(run)
      if (!row || !of) return { value: null }
      const sealer = await records.sealer(of)
      const performed = await perform(run, key, row.attempt, {
        kind: row.kind,
        input: sealer.read(row.input),
      })
      if ('postponed' in performed) {
        const { until, attempt } = performed.postponed
        const sql = 'UPDATE detached SET due = ?, attempt = ? WHERE run = ? AND key = ?'
        await database.commit([{ sql, parameters: [until, attempt, run, key] }])
        return performed
      }
      if ('problem' in performed) {
        const shown = sealer.conceal(performed.problem as Json) as { [key: string]: Json }
        core.log('error', 'An activity that nobody waits for failed.', { run: of.id, key, ...shown })
      }
      await database.commit([
        { sql: 'DELETE FROM detached WHERE run = ? AND key = ?', parameters: [run, key] },
      ])
      // Nobody looks at what it gave.
      return { value: null }
    },
  }
}

/** How long an effect waits for a place in this process, in milliseconds, before another one may have it. */
const patience = 1000

const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50))

function valueOf(value: Json): Performed {
  return { value: value ?? null }
}
