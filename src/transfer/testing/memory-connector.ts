import type { Connector, RecordBatch, SourceBatch, Target, TargetMode } from '../../connectors/index.ts'
import { fault, isObject, problem, type Json } from '../../workflow/index.ts'

/** A system in memory that does as a test says: as a source and as a target. */
export class MemorySystem {
  /** What a source gives, batch by batch. */
  batches: Json[][] = []
  /**
   * Called before a batch is given or taken; what it throws is the system's fault. `by`: whose connector it is, where
   * processes have one each.
   */
  before: (what: 'read' | 'write' | 'begin' | 'finish', index: number, by: number) => void | Promise<void> =
    () => {}
  /** Called for each record that is taken by its key, of so many at the same time as the target may. */
  each: ((record: Json, by: number) => Promise<void>) | undefined
  /** Whether several may deliver by key at the same time. */
  parallel = false
  /** Records that a target refuses, with why. */
  refuses: (record: Json) => string | undefined = () => undefined
  reads = 0
  positions: Json[] = []
  confirmed: Json[] = []
  /** What the target holds: all that was appended, and by key. */
  appended: Json[] = []
  byKey = new Map<string, Json>()
  replaced: Json[][] = []
  keys: string[] = []
  modes: TargetMode[] = []

  connector(type: string, by = 0): Connector {
    return {
      type,
      about: 'A system in memory.',
      metadata: {},
      sourceOptions: {
        type: 'object',
        properties: { table: { type: 'string' } },
        additionalProperties: false,
      },
      targetOptions: {
        type: 'object',
        properties: { table: { type: 'string' } },
        additionalProperties: false,
      },
      targetModes: ['append', 'upsert', 'replace'],
      open: () => ({
        check: async () => 'It works.',
        source: () => ({
          read: (request) => this.#read(request.position, by),
          confirm: async (position) => void this.confirmed.push(position),
        }),
        target: () => this.#target(by),
        close: async () => {},
      }),
    }
  }

  async *#read(position: Json, by: number): AsyncGenerator<SourceBatch> {
    this.reads++
    this.positions.push(position)
    for (let index = Number(position ?? 0); index < this.batches.length; index++) {
      await this.before('read', index, by)
      const records = this.batches[index] ?? []
      yield { records, origin: (at) => `batch ${index}, record ${at}`, bad: [], position: index + 1 }
    }
  }

  #target(by: number): Target {
    let writes = 0
    return {
      begin: async ({ mode, key, concurrency }) => {
        this.modes.push(mode)
        await this.before('begin', 0, by)
        const pending: Json[] = []
        return {
          resumable: mode !== 'replace',
          parallel: this.parallel && mode === 'upsert',
          write: async (batch: RecordBatch) => {
            await this.before('write', writes++, by)
            const all = this.each ? [...batch.values()] : []
            while (all.length > 0) {
              await Promise.all(all.splice(0, concurrency).map((record) => this.each?.(record, by)))
            }
            const refused: { index: number; problem: ReturnType<typeof problem> }[] = []
            for (const [index, record] of batch.values().entries()) {
              const why = this.refuses(record)
              if (why !== undefined) {
                refused.push({ index, problem: problem('validation', why) })
                continue
              }
              this.keys.push(batch.idempotencyKey(index))
              if (mode === 'append') this.appended.push(record)
              else if (mode === 'replace') pending.push(record)
              else
                this.byKey.set(
                  JSON.stringify(key.map((each) => (isObject(record) ? record[each] : null))),
                  record,
                )
            }
            return { refused, state: null }
          },
          finish: async () => {
            await this.before('finish', 0, by)
            if (mode === 'replace') this.replaced.push(pending)
          },
          abort: async () => {},
        }
      },
    }
  }
}

/** What a system says that cannot be reached. */
export function down(name = 'it') {
  return fault('communication', `${name} cannot be reached.`, { cause: 'ECONNREFUSED' })
}
