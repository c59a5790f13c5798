import { hasCode, SluseError } from '../../errors.ts'
import type { Records } from '../records/records.ts'
import { Retention } from '../records/retention.ts'
import { Schedules } from '../records/schedules.ts'
import { fromColumns, selectRun } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import { Dispatcher } from './dispatcher.ts'
import { fenced } from './fenced.ts'
import { Gates } from './gates.ts'
import { Lease } from './lease.ts'
import { setLostGoing } from './lost-runs.ts'
import { beginInOtherNamespace } from './other-namespace.ts'
import { forget, resumedPipelines, type Resumed } from './resumed.ts'
import { Upgrades } from './upgrades.ts'
import { Watchdog } from './watchdog.ts'

const lookEvery = 500
const renewEvery = 3000
const startEvery = 5000
/** A run is started by whoever made it durable; one that is not by then is started here. */
const unbegunAfter = 5000
const mostUnbegun = 200
const beginsAtOnce = 20

interface Duties {
  /** What only whoever leads may write goes through this. */
  readonly records: Records
  /** Rejects, and never resolves, once another process leads. */
  readonly overtaken: Promise<never>
  end(): void
  /** Keeps the lease, however long Temporal takes to answer. */
  readonly keeping: NodeJS.Timeout
  schedules: Schedules
  readonly dispatcher: Dispatcher
  readonly retention: Retention
  /** Runs under way are in the namespace of Temporal that this process uses. */
  knowsNamespace?: boolean
  /** From when on this process has a build: it may wait for Temporal to be there. */
  upgrades?: Upgrades
  readonly watchdog: Watchdog
  readonly gates: Gates
  /** Which schedules there are, and which are disabled. */
  known: string
  /** What came while these were disabled is being dealt with. */
  resumed: readonly Resumed[]
}

/**
 * What only one process of the installation does at a time, whichever it is: schedules, events, retention, and starting
 * what was left unstarted. All of it is in the database: another goes on where one ended. One that was held up for so
 * long that another has begun can write nothing of it any more (`Lease.fence`), and notices by that.
 */
export class Leader {
  readonly #core: Cluster
  readonly #lease: Lease
  #duties: Duties | undefined
  #wake = () => {}
  #poked = false
  #stopped = false
  #running: Promise<void> | undefined
  #startedAt = -Infinity
  #foundAt = Date.now()

  constructor(core: Cluster) {
    this.#core = core
    this.#lease = new Lease(core.database, 'leader')
  }

  get leads(): boolean {
    return this.#duties !== undefined
  }

  /** Of all processes, at the last look; where another process leads, it tells. */
  get stuckRuns(): number {
    return this.#duties?.watchdog.stuckRuns ?? 0
  }

  /** Of versions that have no workers any more; where another process leads, it tells. */
  get runsToMove(): number {
    return this.#duties?.upgrades?.left ?? 0
  }

  open(): void {
    this.#running = this.#run()
  }

  /** Something happened that cannot wait for the next look. */
  notify(): void {
    this.#poked = true
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    // What is left half done the next one does: nobody need wait for a Temporal that does not answer.
    this.#duties?.end()
    await this.#running
    if (this.#stand()) await this.#lease.release().catch(() => {})
  }

  async #run(): Promise<void> {
    const { log } = this.#core
    while (!this.#stopped) {
      try {
        await this.#look()
      } catch (error) {
        if (this.#stopped) return
        // By the fence: whoever leads now goes on with it.
        if (hasCode(error, 'SLUSE-STORE-CHANGED') && this.#stand()) {
          log('warn', 'Another process deals with schedules and events by now.')
          continue
        }
        log('error', 'Schedules and events cannot be dealt with; trying again.', { error: String(error) })
      }
      if (this.#poked) this.#poked = false
      else await this.#pause()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lookEvery)
      this.#wake = () => {
        this.#poked = false
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #look(): Promise<void> {
    if (!this.#duties && !(await this.#lease.take())) return
    const duties = (this.#duties ??= await this.#takeUp())
    // What it waits for may never come once another process leads.
    await Promise.race([this.#attend(duties, Date.now()), duties.overtaken])
  }

  async #attend(duties: Duties, now: number): Promise<void> {
    const core = this.#core
    // Asked before: what was deployed before one of these was published is known by then.
    const newest = await duties.dispatcher.newest()
    await this.#follow(duties)
    // Whatever becomes of Temporal, what is due is durable in time.
    await duties.schedules.look()
    if (!core.temporalIsThere()) return
    if (!duties.knowsNamespace) await beginInOtherNamespace(core, this.#lease.fence)
    duties.knowsNamespace = true
    await duties.dispatcher.look(newest)
    await duties.schedules.look()
    await this.#forgetResumed(duties)
    if (core.build !== undefined) await (duties.upgrades ??= new Upgrades(core)).look()
    await duties.watchdog.look()
    if (now - this.#startedAt > startEvery) {
      this.#startedAt = now
      await this.#startLeft()
    }
    if (now - this.#foundAt > this.#core.settings.findsLostEvery) {
      this.#foundAt = now
      duties.watchdog.lost = await setLostGoing(core, this.#lease.fence)
      await this.#beginDetached()
    }
  }

  async #takeUp(): Promise<Duties> {
    const core = this.#core
    core.log('info', 'This process deals with schedules and events from here on.')
    const current: { duties?: Duties } = {}
    const { fence } = this.#lease
    let end = () => {}
    const overtaken = new Promise<never>((_, reject) => {
      end = () => reject(new SluseError('SLUSE-STORE-CHANGED'))
    })
    overtaken.catch(() => {})
    const keep = () => void this.#lease.take().then((ours) => ours || end(), unknown)
    const keeping = setInterval(keep, renewEvery)
    const records = fenced(core, fence, end)
    const dispatcher = new Dispatcher(core, () => (current.duties as Duties).schedules, fence)
    const retention = new Retention(records, {
      settledTo: () => Math.min(dispatcher.settledTo, current.duties?.schedules.settledTo ?? 0),
      marks: () => [],
    })
    const watched = await this.#schedules(records)
    const others = { watchdog: new Watchdog(core), gates: new Gates(core) }
    const duties: Duties = {
      records,
      overtaken,
      end,
      keeping,
      dispatcher,
      retention,
      ...others,
      ...watched,
    }
    current.duties = duties
    retention.open()
    return duties
  }

  /** Deployed, undeployed, disabled or enabled, by whichever process. */
  async #follow(duties: Duties): Promise<void> {
    if ((await this.#known()) === duties.known) return
    duties.schedules.stop()
    await duties.schedules.settled()
    Object.assign(duties, await this.#schedules(duties.records))
  }

  async #forgetResumed(duties: Duties): Promise<void> {
    const { schedules, resumed, records } = duties
    if (resumed.length === 0 || schedules.settledTo < Infinity) return
    await schedules.settled()
    await records.database.commit(resumed.map(forget))
    duties.resumed = []
  }

  async #schedules(records: Records): Promise<Pick<Duties, 'schedules' | 'known' | 'resumed'>> {
    const known = await this.#known()
    await this.#core.pauses.open()
    const schedules = new Schedules(() => records)
    await schedules.open()
    const resumed = await resumedPipelines(this.#core.database)
    for (const one of resumed) schedules.resume(one, one.fromEvent)
    return { schedules, known, resumed }
  }

  async #known(): Promise<string> {
    const { database } = this.#core
    const all = await database.query('SELECT number, digest FROM schedules ORDER BY number')
    const disabled = await database.query(
      'SELECT namespace, name, from_event FROM disabled_pipelines ORDER BY namespace, name',
    )
    return JSON.stringify([all, disabled])
  }

  async #startLeft(): Promise<void> {
    const { database, runs } = this.#core
    const unbegun =
      'SELECT run FROM executions WHERE epoch = 0 AND created_at < ? ORDER BY created_at LIMIT ?'
    const rows = await database.query(`${selectRun} WHERE number IN (${unbegun}) ORDER BY number`, [
      Date.now() - unbegunAfter,
      mostUnbegun,
    ])
    for (let from = 0; from < rows.length; from += beginsAtOnce)
      await Promise.all(rows.slice(from, from + beginsAtOnce).map((row) => runs.begin(fromColumns(row))))
    // After a night without Temporal there are many: no pause between them.
    if (rows.length === mostUnbegun) this.#startedAt = -Infinity
  }

  /** Activities that nobody waits for, whose run was ended in Temporal before it could begin them. */
  async #beginDetached(): Promise<void> {
    const { database, runs } = this.#core
    const rows = await database.query<{ number: number; id: string; key: string }>(
      `SELECT runs.number AS number, runs.id AS id, detached.key AS key FROM detached
       JOIN runs ON runs.number = detached.run WHERE detached.due < ? ORDER BY detached.due LIMIT 200`,
      [Date.now() - unbegunAfter * 4],
    )
    for (const { number, id, key } of rows) await runs.beginDetached(number, id, key)
  }

  /** Leads no longer; `false` where it did not. */
  #stand(): boolean {
    const duties = this.#duties
    this.#duties = undefined
    clearInterval(duties?.keeping)
    duties?.schedules.stop()
    duties?.retention.stop()
    duties?.gates.stop()
    duties?.upgrades?.stop()
    return duties !== undefined
  }
}

/** Whether the lease was kept: the fence tells before anything is written. */
const unknown = () => {}
