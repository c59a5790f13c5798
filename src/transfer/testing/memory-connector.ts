import type { Connector, RecordBatch, SourceBatch, Target, TargetMode } from '../../connectors/index.ts'
import { fault, isObject, problem, type Json } from '../../workflow/index.ts'

/** A system in memory that does as a test says: as a source and as a target. */
export class MemorySystem {
  /** What a source gives, batch by batch. */
  batches: Json[][] = []
  /** Called before a batch is given or taken; what it throws is the system's fault. */
  before: (what: 'read' | 'write' | 'begin' | 'finish', index: number) => void | Promise<void> = () => {}
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

  connector(type: string): Connector {
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
          read: (request) => this.#read(request.position),
          confirm: async (position) => void this.confirmed.push(position),
        }),
        target: () => this.#target(),
        close: async () => {},
      }),
    }
  }

  async *#read(position: Json): AsyncGenerator<SourceBatch> {
    this.reads++
    this.positions.push(position)
    for (let index = Number(position ?? 0); index < this.batches.length; index++) {
      await this.before('read', index)
      const records = this.batches[index] ?? []
      yield { records, origin: (at) => `batch ${index}, record ${at}`, bad: [], position: index + 1 }
    }
  }

  #target(): Target {
    let writes = 0
    return {
      begin: async ({ mode, key }) => {
        this.modes.push(mode)
        await this.before('begin', 0)
        const pending: Json[] = []
        return {
          resumable: mode !== 'replace',
          write: async (batch: RecordBatch) => {
            await this.before('write', writes++)
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
            await this.before('finish', 0)
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
