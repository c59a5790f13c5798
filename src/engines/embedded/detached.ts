import type { SqlValue, Statement } from '../../database/index.ts'
import type { ActivityCall, Json } from '../../workflow/index.ts'
import type { Core } from './core.ts'
import { postponed, problemFrom, type Postponement } from '../run/effects.ts'
import type { LiveRun } from '../run/live-run.ts'
import { requestFor } from '../run/request.ts'

/** An activity that nobody waits for. */
interface Job {
  readonly run: number
  readonly runId: string
  readonly key: string
  readonly kind: string
  readonly input: Json
  readonly secrets: { readonly [name: string]: Json }
  due: number
  attempt: number
}

type JobRow = { readonly [column: string]: SqlValue } & {
  run: number
  key: string
  kind: string
  input: string
  due: number
  attempt: number
}

/** Activities that run apart from the run that asked for them (`wait: false`): to their end, at least once. */
export class Detached {
  readonly #core: () => Core
  readonly #closing = new AbortController()

  constructor(core: () => Core) {
    this.#core = core
  }

  /** What to write so that it is due, and what to do once that is durable. */
  due(run: LiveRun, key: string, call: ActivityCall): { statement: Statement; durable: () => void } {
    const { row, sealer, start } = run
    const job: Job = {
      run: row.number,
      runId: row.id,
      key,
      kind: call.kind,
      input: call.input,
      secrets: start.secrets,
      due: 0,
      attempt: 0,
    }
    const statement = {
      sql: 'INSERT INTO detached (run, key, kind, input, due, attempt) VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING',
      parameters: [row.number, key, call.kind, sealer.write(call.input)],
    }
    return { statement, durable: () => this.#begin(job) }
  }

  /** Takes up what a crash interrupted. */
  async open(): Promise<void> {
    const core = this.#core()
    const rows = await core.database.query<JobRow>('SELECT run, key, kind, input, due, attempt FROM detached')
    for (const { run, key, kind, input, due, attempt } of rows) {
      const row = await core.records.row(run)
      if (!row) continue
      const { workflow } = await core.definitions.get(row.digest)
      const sealer = await core.records.sealer(row)
      const secrets = workflow.use?.secrets?.length ? await core.secrets(workflow.use.secrets) : {}
      this.#begin({ run, runId: row.id, key, kind, input: sealer.read(input), secrets, due, attempt })
    }
  }

  stop(): void {
    this.#closing.abort()
  }

  #begin(job: Job): void {
    const { clock, timers } = this.#core()
    if (job.due > clock.now()) timers.set(job.due, () => void this.#perform(job))
    else void this.#perform(job)
  }

  /** In memory only: after a restart its time counts. */
  #waitAt(gate: string, job: Job): void {
    let passing = true
    this.#core().gates.wait(gate, () => {
      void this.#perform(job, () => (passing = false))
      return () => passing
    })
  }

  async #perform(job: Job, arrived = () => {}): Promise<void> {
    const core = this.#core()
    const { signal } = this.#closing
    const { run, runId, key, attempt, secrets } = job
    try {
      await core.limiter.run(() => {
        arrived()
        return core.activities(requestFor({ runId, key, attempt, secrets, signal }, job))
      }, signal)
    } catch (error) {
      if (signal.aborted) return
      const later = postponed(error, job.attempt, core.clock.now())
      if (later) return this.#postpone(job, later)
      const { title, detail, status } = problemFrom(error)
      const cause = { title: title ?? '', detail: detail ?? '', status }
      const shown = (await this.#conceal(run, cause)) as { [key: string]: Json }
      core.log('error', 'An activity that nobody waits for failed.', {
        run: job.runId,
        key: job.key,
        ...shown,
      })
    }
    const done = { sql: 'DELETE FROM detached WHERE run = ? AND key = ?', parameters: [run, job.key] }
    core.commits.add({ statements: [done] })
  }

  #postpone(job: Job, { until, attempt, gate }: Postponement): void {
    job.due = until
    job.attempt = attempt
    const sql = 'UPDATE detached SET due = ?, attempt = ? WHERE run = ? AND key = ?'
    this.#core().commits.add({
      statements: [{ sql, parameters: [until, attempt, job.run, job.key] }],
      durable: () =>
        gate !== undefined && this.#core().gates.kept ? this.#waitAt(gate, job) : this.#begin(job),
    })
  }

  async #conceal(number: number, value: Json): Promise<Json> {
    const row = await this.#core().records.row(number)
    return row ? (await this.#core().records.sealer(row)).conceal(value) : value
  }
}
