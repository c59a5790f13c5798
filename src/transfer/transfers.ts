import { setMaxListeners } from 'node:events'
import type { Connections } from '../connectors/index.ts'
import type { Database } from '../database/index.ts'
import type { ActivityRequest } from '../engines/engine.ts'
import type { Functions } from '../functions/index.ts'
import { joined } from '../joined.ts'
import { fault, Postponed, type CloudEvent, type Json } from '../workflow/index.ts'
import { carryOut, type Means } from './carry-out.ts'
import { createTransfer } from './create.ts'
import { folderDatasets, type Datasets } from './dataset/datasets.ts'
import { transferId } from './ids.ts'
import { openLetters, type Letters } from './letters.ts'
import { openOverview, type Overview } from './overview.ts'
import { planOf, type PlannedSource } from './plan.ts'
import { openRates } from './rates.ts'
import { openIntake, type Intake } from './receive.ts'
import { openReplays, type Replays } from './replay.ts'
import { Retention } from './retention.ts'
import { openSharing, type SharingOptions } from './sharing/index.ts'
import { openStore } from './store/store.ts'

/** Everything that moves records, and what is remembered of it. */
export interface Transfers extends Intake {
  /** The activity of `transfer:1.0.0@default`: the same idempotency key goes on with the same transfer. */
  perform(request: ActivityRequest): Promise<Json>
  /** What is under way and what has been, and the datasets. */
  readonly overview: Overview
  readonly letters: Letters
  readonly replays: Replays
  /** Takes up what a crash interrupted and no run carries out. */
  start(): Promise<void>
  /** What is under way ends soon, and is taken up again another time. */
  close(): Promise<void>
}

export interface TransfersOptions {
  readonly database: Database
  /** Absolute (`SLUSE_DATA`). */
  readonly dataFolder: string
  /** Where datasets lie. Default: in the data folder. */
  readonly datasets?: Datasets
  readonly connections: Connections
  /** For steps that call a function. */
  readonly functions?: Functions
  /** Puts an event into the inbox; one with the same source and id again is not taken twice. */
  readonly publish: (event: CloudEvent) => Promise<void>
  readonly log: Means['log']
  /** Milliseconds since 1970, UTC. */
  readonly now?: () => number
  readonly random?: () => number
  /** How long what was received is kept, in milliseconds. Default: 30 days. */
  readonly keepReceived?: number
  /** Where other processes carry transfers out on the same database. Default: there is no other. */
  readonly sharing?: SharingOptions
}

export function openTransfers(options: TransfersOptions): Transfers {
  const { database, dataFolder, connections, functions, publish, log } = options
  const now = options.now ?? Date.now
  const { storage, keys } = options.datasets ?? folderDatasets(dataFolder)
  const store = openStore(database)
  const rates = openRates(store, now)
  const means: Means = {
    store,
    storage,
    keys,
    connections,
    functions,
    now,
    random: options.random ?? Math.random,
    log,
    advanced: (transfer) => rates.advanced(transfer),
  }
  const intake = openIntake({ means, publish, keep: options.keepReceived ?? 30 * 86_400_000 })
  const sharing = options.sharing && openSharing(means, options.sharing, (id) => rates.ended(id))
  const replays = openReplays(means, intake, sharing === undefined)
  const retention = new Retention(means)
  const closing = new AbortController()
  // Every transfer under way listens.
  setMaxListeners(0, closing.signal)
  const underWay = new Set<Promise<unknown>>()

  const perform = async (request: ActivityRequest): Promise<Json> => {
    const id = transferId(request.idempotencyKey)
    const { runId, key, secrets } = request
    const beginNew = async () => {
      if (!(await store.transfer(id))) await begin(id, request, means)
    }
    try {
      return await joined([request.signal, closing.signal], async (signal) => {
        if (sharing) return sharing.carryOut(id, signal, beginNew)
        await beginNew()
        return carryOut(id, means, { context: { runId, key, secrets }, signal })
      })
    } catch (error) {
      if (request.signal.aborted || !closing.signal.aborted) throw error
      // It is no failure of the run: the next start goes on with it.
      throw new Postponed(now() + stoppedMs, request.attempt, 'the server is stopping')
    } finally {
      rates.ended(id)
    }
  }

  return {
    receive: (request) => intake.receive(request),
    perform(request) {
      const performing = perform(request)
      underWay.add(performing)
      const done = () => underWay.delete(performing)
      performing.then(done, done)
      return performing
    },
    overview: openOverview(means, rates),
    letters: openLetters(means, replays),
    replays,
    async start() {
      await intake.announceLeft()
      await replays.takeUp()
      sharing?.start()
      retention.start()
    },
    async close() {
      retention.stop()
      closing.abort(new Error('The server is stopping.'))
      await Promise.all([replays.close(), sharing?.close()])
      await Promise.allSettled(underWay)
    },
  }
}

/** Long enough that a server that stops is not asked again. */
const stoppedMs = 1000

async function begin(id: string, request: ActivityRequest, means: Means): Promise<void> {
  const { runId, key, input, secrets } = request
  refuseSecrets(input, secrets)
  const plan = planOf(input, means.connections)
  const [run] = await means.store.database.query<{ namespace: string; name: string }>(
    'SELECT namespace, name FROM runs WHERE id = ?',
    [runId],
  )
  const { namespace, name } = run ?? {}
  await createTransfer(
    {
      id,
      kind: 'run',
      origin: JSON.stringify([namespace ?? runId, name ?? '', key]),
      run: runId,
      task: key,
      namespace,
      name,
      source: sourceName(plan.from),
      plan,
    },
    means,
  )
}

export function sourceName(from: PlannedSource): string {
  switch (from.kind) {
    case 'connection':
      return from.connection
    case 'dataset':
      return `dataset ${from.dataset}`
    case 'letters':
      return 'dead letters'
  }
}

/** What a transfer is told is kept with it: there is no secret in it. */
function refuseSecrets(input: Json, secrets: ActivityRequest['secrets']): void {
  const text = JSON.stringify(input)
  const named = Object.entries(secrets).find(
    ([, value]) =>
      typeof value === 'string' && value.length >= 4 && text.includes(JSON.stringify(value).slice(1, -1)),
  )
  if (!named) return
  throw fault(
    'configuration',
    `The arguments of the transfer hold the secret ${named[0]}: put it into the connection by \`secretKeyRef\`.`,
  )
}
