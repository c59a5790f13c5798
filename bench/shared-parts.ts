/** What the processes of bench/shared.ts have in common. */
import { connectorOf, readConnection, type Connector } from '../src/connectors/index.ts'
import { openDatabase } from '../src/database/index.ts'
import type { Functions } from '../src/functions/index.ts'
import { databaseMembers, Member } from '../src/members/index.ts'
import { openTransfers } from '../src/transfer/index.ts'
import { benchConnections } from './connections.ts'

export interface Job {
  readonly url: string
  readonly data: string
  readonly records: number
  /** How long a target takes for a batch, in milliseconds. */
  readonly pauseMs: number
  /** How many it may deliver at a time; not given: it shares with nobody. */
  readonly jobs?: number
  /** How long a function takes for a batch, in milliseconds; a process does one batch at a time. Not given: there is none. */
  readonly functionMs?: number
  readonly takes: boolean
  readonly name: string
}

export async function openOne({ url, data, records, pauseMs, functionMs, jobs, takes, name }: Job) {
  const connectors = [people(records), slow(pauseMs)]
  const find = (type: string) => connectors.find((each) => each.type === type) ?? connectorOf(type)
  const declarations = connectors.flatMap(({ type }) => {
    const metadata = { name: type.replace('bench.', '') }
    const resource = {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata,
      spec: { type, metadata: [] },
    }
    return readConnection(resource, find, []).declaration ?? []
  })
  const database = await openDatabase({ folder: data, url, exclusive: false })
  const role = takes ? 'worker' : 'api'
  const member =
    jobs === undefined
      ? undefined
      : await Member.join({ store: databaseMembers(database), role, version: '', name })
  const transfers = openTransfers({
    database,
    dataFolder: data,
    connections: benchConnections(declarations, find, data),
    ...(functionMs !== undefined && { functions: oneAtATime(functionMs) }),
    publish: async () => {},
    log: (level, message, more) => level !== 'info' && console.error(level, message, more),
    ...(member && jobs !== undefined && { sharing: { takes, jobs, member } }),
  })
  if (member) await transfers.start()
  return {
    transfers,
    close: async () => {
      await transfers.close()
      await member?.leave()
      await database.close()
    },
  }
}

function people(count: number): Connector {
  const person = (id: number) => ({ id, name: `Person ${id}`, address: { street: 'Strandvejen', zip: 5000 } })
  return {
    type: 'bench.people',
    about: 'People.',
    metadata: {},
    sourceOptions: { type: 'object' },
    open: () => ({
      check: async () => '',
      source: () => ({
        async *read({ position, batchSize }) {
          for (let from = Number(position ?? 0); from < count; from += batchSize) {
            const records = Array.from({ length: Math.min(batchSize, count - from) }, (_, at) =>
              person(from + at),
            )
            yield { records, origin: (at) => `${from + at}`, bad: [], position: from + records.length }
          }
        },
      }),
      close: async () => {},
    }),
  }
}

/** As one that keeps a machine busy: a second batch waits for the first. */
function oneAtATime(functionMs: number): Functions {
  let turn: Promise<unknown> = Promise.resolve()
  const call: Functions['call'] = (_, records) => {
    const done = turn.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, functionMs))
      return records.map((record) => ({ records: [record] }))
    })
    turn = done
    return done
  }
  return { call } as Pick<Functions, 'call'> as Functions
}

function slow(pauseMs: number): Connector {
  return {
    type: 'bench.slow',
    about: 'A system that takes its time.',
    metadata: {},
    targetOptions: { type: 'object' },
    targetModes: ['append', 'upsert'],
    open: () => ({
      check: async () => '',
      target: () => ({
        begin: async ({ mode }) => ({
          resumable: true,
          parallel: mode === 'upsert',
          async write(batch) {
            batch.values()
            await new Promise((resolve) => setTimeout(resolve, pauseMs))
            return { refused: [], state: null }
          },
          finish: async () => {},
          abort: async () => {},
        }),
      }),
      close: async () => {},
    }),
  }
}
