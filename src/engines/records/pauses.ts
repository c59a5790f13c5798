import { SluseError } from '../../errors.ts'
import type { EnabledChange, PipelineName } from '../engine.ts'
import { Line } from './line.ts'
import type { Records } from './records.ts'

/** Pipelines that are disabled: nothing starts a run of them. Few, so they are all in memory. */
export class Pauses {
  readonly #core: () => Records
  /** By `namespace/name`: the first event that waits until the pipeline is enabled again. */
  readonly #from = new Map<string, number>()
  readonly #line = new Line()

  constructor(core: () => Records) {
    this.#core = core
  }

  /** Reads them; again, where other processes change them as well. Never between a change and its being known here. */
  open(): Promise<void> {
    return this.#line.add(async () => {
      const rows = await this.#core().database.query<PipelineName & { from_event: number }>(
        'SELECT namespace, name, from_event FROM disabled_pipelines',
      )
      this.#from.clear()
      for (const row of rows) this.#from.set(keyOf(row), row.from_event)
    })
  }

  /** Number of the first event that its schedules leave in the inbox; `undefined` where it is enabled. */
  from(pipeline: PipelineName): number | undefined {
    return this.#from.get(keyOf(pipeline))
  }

  /** Throws `SLUSE-PIPELINE-DISABLED`. */
  assertEnabled(pipeline: PipelineName): void {
    if (this.#from.has(keyOf(pipeline)))
      throw new SluseError('SLUSE-PIPELINE-DISABLED', `(${keyOf(pipeline)})`)
  }

  set(pipeline: PipelineName, enabled: boolean, change: EnabledChange = {}): Promise<void> {
    return this.#line.add(() => (enabled ? this.#enable(pipeline, change) : this.#disable(pipeline, change)))
  }

  async #disable(pipeline: PipelineName, { by, record = [] }: EnabledChange): Promise<void> {
    const { commits, schedules, clock } = this.#core()
    const key = keyOf(pipeline)
    if (this.#from.has(key)) return
    const from = commits.nextEvent
    // At once, so that nothing starts while it is being written.
    this.#from.set(key, from)
    schedules.pause(pipeline)
    const sql = `INSERT INTO disabled_pipelines (namespace, name, from_event, disabled_at, disabled_by)
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
    const parameters = [pipeline.namespace, pipeline.name, from, clock.now(), by ?? null]
    try {
      await commits.write({ statements: [{ sql, parameters }, ...record] })
    } catch (error) {
      this.#from.delete(key)
      schedules.resume(pipeline, from)
      throw error
    }
  }

  async #enable(pipeline: PipelineName, { record = [] }: EnabledChange): Promise<void> {
    const { commits, schedules } = this.#core()
    const key = keyOf(pipeline)
    const from = this.#from.get(key)
    if (from === undefined) return
    const sql = 'DELETE FROM disabled_pipelines WHERE namespace = ? AND name = ?'
    await commits.write({
      statements: [{ sql, parameters: [pipeline.namespace, pipeline.name] }, ...record],
    })
    this.#from.delete(key)
    schedules.resume(pipeline, from)
  }
}

function keyOf({ namespace, name }: PipelineName): string {
  return `${namespace}/${name}`
}
