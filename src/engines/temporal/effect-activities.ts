import type { ActivityCall, Json } from '../../workflow/index.ts'
import { goAhead } from './ahead/go-ahead.ts'
import type { Cluster } from './cluster.ts'
import { commitBatches } from './executions.ts'
import { performedBy } from './performed.ts'
import type { EffectActivities, Performed } from './protocol.ts'
import { only } from './record-activities.ts'

/** Twice before the server takes the worker for dead. */
const beatEvery = 3000

/**
 * Effects. What fails for the pipeline is a result; an activity of Temporal's fails only where it is to be tried again,
 * here or on another worker: when the records cannot be written, or this process ends.
 */
export function effectActivities(core: Cluster): EffectActivities {
  const { records, definitions, libraries, database, ending } = core
  const { activity, common } = libraries

  /** For another attempt, on another worker. */
  const elsewhere = () =>
    common.ApplicationFailure.create({
      message: 'The worker ends.',
      type: 'worker-ends',
      nextRetryDelay: 100,
    })

  /** Says that the worker lives while it works. `signal` aborts when it is cancelled, or this process gives it up. */
  const alive = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const { cancellationSignal, heartbeat } = activity.Context.current()
    const beats = setInterval(() => heartbeat(), beatEvery)
    try {
      return await work(AbortSignal.any([cancellationSignal, ending.signal]))
    } catch (error) {
      throw ending.signal.aborted ? elsewhere() : error
    } finally {
      clearInterval(beats)
    }
  }

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
    const request = {
      kind: call.kind,
      input: call.input,
      idempotencyKey: `${row.id}:${key}`,
      attempt,
      runId: row.id,
      key,
      secrets,
      signal,
      ...(call.onFailure && { onFailure: call.onFailure }),
    }
    const performed = core
      .activities(request)
      .then(valueOf, (error: unknown) => performedBy(error, attempt, Date.now()))
    // What does not listen to its signal must not hold up the worker.
    const result = await Promise.race([performed, aborted(signal)])
    signal.throwIfAborted()
    return result
  }

  const perform = (run: number, key: string, attempt: number, call: ActivityCall): Promise<Performed> => {
    const ended = core.underWay.began(run, key, call.kind)
    return alive((signal) => carryOut(run, key, attempt, call, signal)).finally(ended)
  }

  return {
    async perform({ place, batches, key, attempt, call }) {
      await commitBatches(core, place, batches)
      return perform(place.run, key, attempt, call)
    },

    goAhead: (over) => alive((signal) => goAhead(core, over, signal)),

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

/** Rejects when it aborts, with its reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = () => reject(signal.reason as Error)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp)
  })
}

function valueOf(value: Json): Performed {
  return { value: value ?? null }
}
