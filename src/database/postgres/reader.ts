import type { ClientConfig, Pool } from 'pg'
import type { Row, SqlValue } from '../database.ts'
import { applicationName, connectionDefaults } from './connect.ts'
import { inPostgres, parameterText, withFractions } from './dialect.ts'
import { isBroken, storeError } from './faults.ts'

export interface Reader {
  query<R extends Row>(sql: string, parameters: readonly SqlValue[]): Promise<R[]>
  close(): Promise<void>
}

export interface ReaderOptions {
  readonly config: ClientConfig
  readonly connections: number
  /** Milliseconds for which a question waits for a database that is away. */
  readonly patience: number
}

/** Texts that are kept prepared: what is asked often is asked early. */
const mostNamed = 200

/** Questions over a few connections that can only read; one that a break interrupts is asked again. */
export async function openReader({ config, connections, patience }: ReaderOptions): Promise<Reader> {
  const pool = await openPool(config, connections)
  const names = new Map<string, string>()
  let awaySince: number | undefined
  let closed = false

  const named = (text: string) => {
    if (!names.has(text) && names.size < mostNamed) names.set(text, `r${names.size}`)
    const name = names.get(text)
    return name === undefined ? {} : { name }
  }

  return {
    async query<R extends Row>(sql: string, parameters: readonly SqlValue[]) {
      const text = withFractions(inPostgres(sql), parameters)
      const values = parameters.map(parameterText)
      for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
        try {
          const { rows } = await pool.query<R>({ ...named(text), text, values })
          awaySince = undefined
          return rows
        } catch (error) {
          if (closed || !(isBroken(error) || planIsOld(error))) throw storeError(error)
          awaySince ??= Date.now()
          if (Date.now() - awaySince > patience) throw storeError(error)
          await new Promise((done) => setTimeout(done, pause))
        }
      }
    },
    async close() {
      closed = true
      await pool.end()
    },
  }
}

async function openPool(config: ClientConfig, connections: number): Promise<Pool> {
  const { default: pg } = await import('pg')
  const options = `${config.options ?? ''} -c default_transaction_read_only=on`.trim()
  const pool = new pg.Pool({
    ...connectionDefaults,
    ...config,
    options,
    application_name: applicationName('reads'),
    max: connections,
  })
  // One that breaks while nothing is asked of it is replaced when it is needed.
  pool.on('error', () => {})
  return pool
}

/** A newer version has changed the table since the statement was prepared: the connection is gone, the next is not. */
function planIsOld(error: unknown): boolean {
  return error instanceof Error && error.message === 'cached plan must not change result type'
}
