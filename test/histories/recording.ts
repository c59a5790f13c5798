import type { Database } from '../../src/database/index.ts'
import type { ActivityRequest, Engine, Outcome } from '../../src/engines/index.ts'
import { isObject, type Json } from '../../src/workflow/index.ts'

type Effect = (input: Json, signal: AbortSignal) => Json | Promise<Json>

/** The secrets of what is recorded; nowhere else. */
export const secrets = { token: 'a secret of the stored histories' }

/** An engine whose history is recorded, with effects that the case decides on; the others give what they are given. */
export class Recording {
  readonly effects: { [name: string]: Effect } = {}
  readonly #calls = new Set<string>()
  #engine: Engine | undefined
  #database: Database | undefined
  #events = 0

  use(engine: Engine, database: Database): void {
    this.#engine = engine
    this.#database = database
  }

  get engine(): Engine {
    if (!this.#engine) throw new Error('There is no engine yet.')
    return this.#engine
  }

  readonly perform = async ({ kind, input, signal }: ActivityRequest): Promise<Json> => {
    const uri = isObject(input) && isObject(input.endpoint) ? String(input.endpoint.uri) : kind
    const name = uri.split('/').at(-1) ?? kind
    this.#calls.add(name)
    const body = isObject(input) ? (input.body ?? null) : null
    return this.effects[name] ? this.effects[name](body, signal) : body
  }

  readonly start = async (): Promise<string> => {
    const definition = { namespace: 'test', name: 'main', version: 'latest' }
    return (await this.engine.start({ definition, input: { n: 1 } })).id
  }

  readonly outcome = (id: string): Promise<Outcome> => this.engine.outcome(id)

  readonly ended = async (): Promise<Outcome> => this.outcome(await this.start())

  readonly publish = async (type: string): Promise<void> => {
    await this.engine.publish([
      {
        specversion: '1.0',
        source: 'https://example.com/histories',
        id: String(++this.#events),
        type,
        data: null,
      },
    ])
  }

  readonly called = (name: string): Promise<void> => until(async () => this.#calls.has(name))

  /** Until the run waits for an event of this type. */
  readonly waits = (id: string, type: string): Promise<void> =>
    until(async () => {
      const sql =
        'SELECT 1 FROM waits JOIN runs ON runs.number = waits.run WHERE runs.id = ? AND waits.type = ?'
      return ((await this.#database?.query(sql, [id, type])) ?? []).length > 0
    })
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}
