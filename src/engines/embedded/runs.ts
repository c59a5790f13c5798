import { SluseError } from '../../errors.ts'
import { decodeItems, type FeedItem } from '../../history/index.ts'
import type { Json, RunStart } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'
import type { Core } from './core.ts'
import type { Pinned } from './definitions.ts'
import { timeOrderedId } from './ids.ts'
import { Limiter } from './limiter.ts'
import { LiveRun } from './live-run.ts'
import { fromColumns, isOver, selectRun, type RunRow } from './run-row.ts'
import type { Birth } from './run-writer.ts'
import { newSeal, sealerOf, type Seal, type Sealer } from './seal.ts'

/** What a new run is made of, beside its definition. */
export interface NewRun extends Birth {
  readonly id?: string
  readonly input: Json
  readonly by?: string | undefined
  readonly parent?: RunRow
  readonly parentKey?: string
  readonly idempotencyKey?: string | undefined
  readonly schedule?: number
  readonly rerunOf?: RunRow
  /** Results of another run, to be given to this one. */
  readonly copies?: readonly Extract<FeedItem, { type: 'copy' }>[]
  readonly override?: { key: string; input: Json }
  /** Events that started it and that it does not see again. */
  readonly consumed?: readonly number[]
}

interface Loading {
  readonly loaded: Promise<boolean>
  readonly ready: () => void
  readonly uses: ((run: LiveRun) => void)[]
}

/** The runs in memory, and the way there. */
export class Runs {
  readonly #core: () => Core
  readonly #live = new Map<number, LiveRun>()
  /** The numbers of the runs in memory by their id. */
  readonly #numbers = new Map<string, number>()
  /** Runs on their way into memory, until they have replayed. */
  readonly #loading = new Map<number, Loading>()
  readonly #limiter: Limiter
  readonly #outcomes = new Map<number, ((outcome: Outcome) => void)[]>()
  #lastNumber: number
  #stopped = false

  constructor(core: () => Core, lastNumber: number, replayConcurrency: number) {
    this.#core = core
    this.#lastNumber = lastNumber
    this.#limiter = new Limiter(replayConcurrency)
  }

  /** The highest number that a run has. */
  get lastNumber(): number {
    return this.#lastNumber
  }

  get size(): number {
    return this.#live.size
  }

  has(number: number): boolean {
    return this.#live.has(number) || this.#loading.has(number)
  }

  all(): Iterable<LiveRun> {
    return this.#live.values()
  }

  /** Starts a run; its first transaction tells `birth` how it went. */
  async create(definition: Pinned, spec: NewRun): Promise<RunRow> {
    const core = this.#core()
    const { workflow, reference, digest } = definition
    const { parent, rerunOf, copies = [], override } = spec
    const visible = workflow.use?.secrets ?? []
    const above = [...(parent?.seal?.names ?? []), ...(rerunOf?.seal?.names ?? [])]
    const seal = newSeal([...new Set([...visible, ...above])])
    const secrets = await this.#secrets(seal)
    const now = core.clock.now()
    const tags = workflow.document.tags
    const row: RunRow = {
      number: ++this.#lastNumber,
      id: spec.id ?? timeOrderedId(now),
      reference,
      digest,
      status: 'running',
      startedAt: now,
      by: spec.by,
      parent: parent?.number,
      parentKey: spec.parentKey,
      depth: parent ? parent.depth + 1 : 0,
      rerunOf: rerunOf?.id,
      schedule: spec.schedule,
      idempotencyKey: spec.idempotencyKey,
      labels: tags && Object.keys(tags).length > 0 ? (tags as RunRow['labels']) : undefined,
      firstEvent: core.commits.nextEvent,
      seal,
    }
    const { runtime } = core
    const first: FeedItem = {
      type: 'start',
      at: now,
      input: spec.input,
      runtime,
      ...(override && { override }),
      ...(spec.consumed && { consumed: [...spec.consumed] }),
    }
    const items = [first, ...copies.map((copy) => ({ ...copy, at: now }))]
    const start = startOf(row, definition, first, secrets)
    this.#enter(new LiveRun(core, { row, start, sealer: sealerOf(seal, secrets), items, birth: spec }))
    return row
  }

  /**
   * Brings the run into memory, replays it, and gives it to `use` at once: a moment later it may have left again.
   * `false` where it has ended or is gone. Does not give up while writing or reading fails.
   */
  async wake(number: number, use: (run: LiveRun) => void = () => {}): Promise<boolean> {
    const loading = this.#loading.get(number)
    if (loading) {
      loading.uses.push(use)
      return loading.loaded
    }
    const live = this.#live.get(number)
    if (live) {
      use(live)
      return true
    }
    let ready = () => {}
    const replayed = new Promise<void>((resolve) => (ready = resolve))
    const loaded = this.#limiter.run(async () => {
      const found = await this.#load(number)
      if (found) await replayed
      else this.#loading.delete(number)
      return found
    })
    this.#loading.set(number, { loaded, ready, uses: [use] })
    return loaded
  }

  async #load(number: number): Promise<boolean> {
    const core = this.#core()
    for (let pause = 100; !this.#stopped; pause = Math.min(pause * 2, 10_000)) {
      try {
        const row = await this.row(number)
        if (!row || isOver(row.status)) return false
        const definition = await core.definitions.get(row.digest)
        const secrets = await this.#secrets(row.seal)
        const sealer = sealerOf(row.seal, secrets)
        const items = await this.journal(row, sealer)
        const [first] = items
        if (first?.type !== 'start') throw new Error('The journal has no beginning.')
        if (this.#stopped) return false
        const start = startOf(row, definition, first, secrets)
        this.#enter(new LiveRun(core, { row, start, sealer, items }))
        return true
      } catch (error) {
        core.log('error', 'A run cannot be loaded; trying again.', { run: number, error: String(error) })
        await new Promise((resolve) => setTimeout(resolve, pause).unref())
      }
    }
    return false
  }

  async row(number: number): Promise<RunRow | undefined> {
    const [row] = await this.#core().database.query(`${selectRun} WHERE number = ?`, [number])
    return row && fromColumns(row)
  }

  /** Throws `SLUSE-RUN-NOT-FOUND`. */
  async find(id: string): Promise<RunRow> {
    const [row] = await this.#core().database.query(`${selectRun} WHERE id = ?`, [id])
    if (!row) throw new SluseError('SLUSE-RUN-NOT-FOUND', `(${id})`)
    return fromColumns(row)
  }

  async sealer(row: RunRow): Promise<Sealer> {
    return sealerOf(row.seal, await this.#secrets(row.seal))
  }

  async journal(row: RunRow, sealer: Sealer): Promise<FeedItem[]> {
    const rows = await this.#core().database.query<{ data: string }>(
      'SELECT data FROM journal WHERE run = ? ORDER BY seq',
      [row.number],
    )
    return rows.flatMap(({ data }) => decodeItems(sealer.read(data)))
  }

  /** How an ended run ended. */
  async outcomeOf(row: RunRow): Promise<Outcome> {
    const [last] = await this.#core().database.query<{ data: string }>(
      'SELECT data FROM journal WHERE run = ? ORDER BY seq DESC LIMIT 1',
      [row.number],
    )
    const sealer = await this.sealer(row)
    for (const item of last ? decodeItems(sealer.read(last.data)).reverse() : []) {
      if (item.type !== 'report') continue
      const { report } = item
      if (report.kind === 'workflow.completed') return { status: 'completed', output: report.output }
      if (report.kind === 'workflow.faulted') return { status: 'faulted', error: report.error }
      if (report.kind === 'workflow.cancelled') return { status: 'cancelled' }
    }
    throw new SluseError('SLUSE-STORE', `The end of run ${row.id} is missing.`)
  }

  /** Resolves when the run has ended, however. */
  async outcome(id: string): Promise<Outcome> {
    const live = this.#numbers.get(id)
    if (live !== undefined) return this.#ending(live)
    const row = await this.find(id)
    if (isOver(row.status)) return this.outcomeOf(row)
    const ending = this.#ending(row.number)
    // Asked again, now that it would be told: it may have ended in between.
    const again = await this.find(id)
    return isOver(again.status) ? this.outcomeOf(again) : ending
  }

  #ending(number: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const waiting = this.#outcomes.get(number)
      if (waiting) waiting.push(resolve)
      else this.#outcomes.set(number, [resolve])
    })
  }

  #enter(run: LiveRun): void {
    this.#live.set(run.row.number, run)
    this.#numbers.set(run.row.id, run.row.number)
  }

  // What a run in memory says.

  /** It has replayed. */
  ready(run: LiveRun): void {
    const loading = this.#loading.get(run.row.number)
    if (!loading) return
    this.#loading.delete(run.row.number)
    for (const use of loading.uses) use(run)
    loading.ready()
  }

  left(run: LiveRun): void {
    if (this.#live.get(run.row.number) !== run) return
    this.#live.delete(run.row.number)
    this.#numbers.delete(run.row.id)
    this.#core().parking.forget(run)
    this.ready(run)
  }

  /** It has ended, and that is durable. */
  ended(run: LiveRun, outcome: Outcome): void {
    this.left(run)
    for (const resolve of this.#outcomes.get(run.row.number) ?? []) resolve(outcome)
    this.#outcomes.delete(run.row.number)
    this.#core().children.ended(run.row, outcome)
    this.#core().schedules.afterRun(run.row)
  }

  stop(): void {
    this.#stopped = true
    for (const run of [...this.#live.values()]) run.abandon()
  }

  #secrets(seal: Seal | undefined): Promise<{ [name: string]: Json }> | { [name: string]: Json } {
    return seal ? this.#core().secrets(seal.names) : {}
  }
}

function startOf(
  row: RunRow,
  { workflow }: Pinned,
  first: Extract<FeedItem, { type: 'start' }>,
  secrets: { readonly [name: string]: Json },
): RunStart {
  const visible = workflow.use?.secrets ?? []
  return {
    id: row.id,
    workflow,
    input: first.input,
    startedAt: row.startedAt,
    secrets: Object.fromEntries(
      visible.flatMap((name) => (Object.hasOwn(secrets, name) ? [[name, secrets[name] as Json]] : [])),
    ),
    runtime: first.runtime,
    ...(first.override && { override: first.override }),
  }
}
