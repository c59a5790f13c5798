import type { Row } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { Json, Problem } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { originAt, parseLines } from './dataset/block.ts'
import { DatasetReader } from './dataset/reader.ts'
import { among, cursorOf, whereOf, type Condition } from './letters.ts'
import { erasePerson, type ErasedPerson } from './erase-person.ts'
import { maskRecord, revealRecord } from './personal.ts'
import { uriOf } from './plan.ts'
import type { Rates } from './rates.ts'
import { eraseDataset } from './retention.ts'
import { readJobs, type JobName } from './sharing/job-rows.ts'
import { readParts } from './sharing/part-rows.ts'
import type { DatasetRow, TargetStatus, TransferRow, TransferStatus, Trouble } from './store/rows.ts'
import { datasetFrom, transferFrom } from './store/read-rows.ts'

/** What is under way and what has been, for people. Times are ISO 8601. */
export interface Overview {
  /** Newest first. */
  list(query?: TransferQuery): Promise<TransferPage>
  /** Throws `SLUSE-TRANSFER-NOT-FOUND`. */
  transfer(id: string): Promise<TransferDetail>
  /** Newest first. */
  datasets(query?: Pick<TransferQuery, 'namespaces' | 'cursor' | 'limit'>): Promise<DatasetPage>
  /** The namespaces of the pipelines that made or delivered a dataset. */
  namespacesOf(dataset: string): Promise<readonly string[]>
  /** Throws `SLUSE-DATASET-NOT-FOUND`. */
  dataset(id: string): Promise<DatasetSummary>
  /** Some records, with personal data hidden. Throws `SLUSE-DATASET-NOT-FOUND` and `SLUSE-DATASET-ERASED`. */
  preview(id: string, from: number, limit: number): Promise<Preview>
  /** Nobody can read it any more, nor its dead letters. */
  erase(id: string): Promise<void>
  /** Of the person nothing is left in any dataset of these namespaces; not given: of all. See `erasePerson`. */
  erasePerson(value: string, namespaces?: readonly string[]): Promise<ErasedPerson>
}

export interface TransferQuery {
  readonly status?: TransferStatus | undefined
  readonly run?: string | undefined
  /** Only those under way that fail at present, at their source or at a target. */
  readonly troubled?: boolean | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** Only of pipelines in these; not given: all. */
  readonly namespaces?: readonly string[] | undefined
  readonly cursor?: string | undefined
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined
}

export interface TransferPage {
  readonly transfers: readonly TransferSummary[]
  readonly next?: string
}

export interface TransferSummary {
  readonly id: string
  readonly kind: 'run' | 'replay'
  readonly status: TransferStatus
  readonly pipeline?: { readonly namespace: string; readonly name: string }
  readonly run?: string
  readonly task?: string
  readonly source: string
  readonly targets: readonly string[]
  /** The dataset's URI. */
  readonly dataset: string
  readonly read: number
  readonly bad: number
  readonly startedAt: string
  readonly endedAt?: string
  readonly error?: Problem
}

export interface TransferDetail extends Omit<TransferSummary, 'targets'> {
  /** Records in the dataset so far. */
  readonly records: number
  readonly deadLetters: number
  readonly readAt?: string
  /** Of the source, where it is known how much there is. */
  readonly progress?: { readonly done: number; readonly total: number; readonly unit: 'bytes' | 'records' }
  /** Records a second, where it is under way. */
  readonly rate?: number
  readonly secondsLeft?: number
  readonly trouble?: TroubleView
  /** The process that reads, where several share the work. */
  readonly worker?: string
  /** Other processes that do steps of what it has read. */
  readonly helpers?: readonly string[]
  readonly targets: readonly TargetView[]
}

export interface TargetView {
  readonly name: string
  readonly connection: string
  readonly mode: string
  readonly status: TargetStatus
  /** Records of the dataset that are behind it. */
  readonly records: number
  readonly delivered: number
  readonly refused: number
  readonly rate?: number
  readonly secondsLeft?: number
  readonly trouble?: TroubleView
  /** The process that delivers, where several share the work. */
  readonly worker?: string
  /** Other processes that deliver parts of it. */
  readonly helpers?: readonly string[]
  readonly error?: Problem
}

export interface TroubleView {
  readonly attempt: number
  readonly since: string
  readonly next: string
  readonly problem: Problem
}

export interface DatasetSummary {
  readonly id: string
  readonly uri: string
  readonly source: string
  readonly createdAt: string
  readonly expiresAt?: string
  readonly erasedAt?: string
  readonly records: number
  readonly bytes: number
  /** Whether its source was read to its end. */
  readonly complete: boolean
  readonly personalData: boolean
}

export interface DatasetPage {
  readonly datasets: readonly DatasetSummary[]
  readonly next?: string
}

export interface Preview {
  readonly records: readonly { readonly number: number; readonly origin: string; readonly record: Json }[]
}

export function openOverview(means: Means, rates: Rates): Overview {
  const { store, keys } = means
  const { database } = store

  const findDataset = async (id: string): Promise<DatasetRow> => {
    const dataset = await store.dataset(id)
    if (dataset) return dataset
    throw new SluseError('SLUSE-DATASET-NOT-FOUND', `(${id})`)
  }

  return {
    async list(query = {}) {
      const limit = query.limit ?? 50
      const all: Condition[] = [
        ['status = ?', query.status],
        ['run = ?', query.run],
        [troubled, query.troubled === true ? 1 : undefined],
        ['namespace = ?', query.namespace],
        ['name = ?', query.name],
        ['number < ?', query.cursor === undefined ? undefined : cursorOf(query.cursor)],
        among('namespace', query.namespaces),
      ]
      const { rows, next } = await page('transfers', all, limit)
      const transfers = rows.map((row) => {
        const transfer = transferFrom(row)
        return { ...summaryOf(transfer), targets: transfer.plan.to.map(({ name }) => name) }
      })
      return { transfers, ...next }
    },
    async transfer(id) {
      const row = await store.transfer(id)
      const dataset = row && (await store.dataset(row.dataset))
      if (!row) throw new SluseError('SLUSE-TRANSFER-NOT-FOUND', `(${id})`)
      const records = dataset?.extent.records ?? 0
      // Others may carry it out: from one look to the next it is known here how fast it goes.
      if (row.endedAt === undefined) rates.advanced(id)
      const workers = row.endedAt === undefined ? await workersOf(id) : () => ({})
      const rate = row.endedAt === undefined ? rates.of(id) : undefined
      const targets = await store.targets(id)
      const { progress } = row
      const reading = row.status === 'reading'
      return {
        ...summaryOf(row),
        records,
        deadLetters: await store.countLetters(id),
        ...(row.readAt !== undefined && { readAt: iso(row.readAt) }),
        ...(progress && { progress }),
        ...(rate && reading && { rate: Math.round(rate.read) }),
        ...(rate && reading && progress && left(progress.total - progress.done, rate.progress)),
        ...(row.trouble && { trouble: troubleView(row.trouble) }),
        ...workers('read'),
        targets: targets.map((target, index) => {
          const speed = target.status === 'delivering' ? rate?.targets[index] : undefined
          return {
            name: target.name,
            connection: target.connection,
            mode: target.mode,
            status: target.status,
            records: target.records,
            delivered: target.delivered,
            refused: target.refused,
            ...(speed !== undefined && { rate: Math.round(speed) }),
            ...(speed !== undefined && !reading && left(records - target.records, speed)),
            ...(target.trouble ? { trouble: troubleView(target.trouble) } : {}),
            ...workers(`deliver:${target.target}`),
            ...(target.error && !target.trouble && { error: target.error }),
          }
        }),
      }
    },
    async datasets({ cursor, limit = 50, namespaces } = {}) {
      const before = cursor === undefined ? undefined : cursorOf(cursor)
      const [visible] = among('namespace', namespaces)
      const all: Condition[] = [
        ['number < ?', before],
        [`id IN (SELECT dataset FROM transfers WHERE ${visible})`, namespaces],
      ]
      const { rows, next } = await page('datasets', all, limit)
      return { datasets: rows.map((row) => datasetView(datasetFrom(row))), ...next }
    },
    async namespacesOf(dataset) {
      const sql = 'SELECT DISTINCT namespace FROM transfers WHERE dataset = ? AND namespace IS NOT NULL'
      return (await database.query<{ namespace: string }>(sql, [dataset])).map(({ namespace }) => namespace)
    },
    async dataset(id) {
      return datasetView(await findDataset(id))
    },
    async preview(id, from, limit) {
      const { extent, personal, storage } = await findDataset(id)
      const key = await keys.get(storage)
      const reader = new DatasetReader(means.storage, storage, key)
      const records: Preview['records'][number][] = []
      try {
        let at = await reader.find(from, extent)
        while (at && records.length < limit) {
          const block = await reader.block(at, extent)
          if (!block) break
          for (const [index, record] of parseLines(block.lines).entries()) {
            const number = block.first + index
            if (number < from || records.length >= limit) continue
            const shown = personal ? maskRecord(revealRecord(record, personal, key), personal) : record
            records.push({ number, origin: originAt(block.origins, index), record: shown })
          }
          at = block.next
        }
      } finally {
        await reader.close()
      }
      return { records }
    },
    async erase(id) {
      await eraseDataset(await findDataset(id), means)
    },
    erasePerson: (value, namespaces) => erasePerson(value, means, namespaces),
  }

  /** Who has the jobs of a transfer, and parts of them, just now. */
  async function workersOf(
    id: string,
  ): Promise<(job: JobName) => Pick<TransferDetail, 'worker' | 'helpers'>> {
    const [jobs, parts] = await Promise.all([readJobs(database, id), readParts(database, id)])
    const now = means.now()
    return (job) => {
      const held = jobs.find((each) => each.job === job && each.until > now)
      const taken = parts.filter((part) => part.job === job && part.state === 'open' && part.until > now)
      const helpers = [...new Set(taken.map(({ process }) => process))].sort()
      return { ...(held && { worker: held.process }), ...(helpers.length > 0 && { helpers }) }
    }
  }

  async function page(table: string, all: readonly Condition[], limit: number) {
    const { where, parameters } = whereOf(all)
    const sql = `SELECT * FROM ${table} ${where} ORDER BY number DESC LIMIT ?`
    const found = await database.query<Row>(sql, [...parameters, limit + 1])
    const rows = found.slice(0, limit)
    const last = found.length > limit ? rows.at(-1) : undefined
    return { rows, next: last ? { next: String(last.number) } : {} }
  }
}

function summaryOf(row: TransferRow): Omit<TransferSummary, 'targets'> {
  const { namespace, name, run, task, endedAt, error, trouble } = row
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    ...(namespace !== undefined && name !== undefined && { pipeline: { namespace, name } }),
    ...(run !== undefined && { run }),
    ...(task !== undefined && { task }),
    source: row.source,
    dataset: uriOf(row.dataset),
    read: row.read,
    bad: row.bad,
    startedAt: iso(row.startedAt),
    ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
    ...(error && !trouble && { error }),
  }
}

function datasetView(row: DatasetRow): DatasetSummary {
  return {
    id: row.id,
    uri: uriOf(row.id),
    source: row.source,
    createdAt: iso(row.createdAt),
    ...(row.expiresAt !== undefined && { expiresAt: iso(row.expiresAt) }),
    ...(row.erasedAt !== undefined && { erasedAt: iso(row.erasedAt) }),
    records: row.extent.records,
    bytes: row.extent.bytes,
    complete: row.sealed,
    personalData: row.personal !== undefined,
  }
}

function troubleView({ attempt, since, due, problem }: Trouble): TroubleView {
  return { attempt, since: iso(since), next: iso(due), problem }
}

function left(amount: number, perSecond: number): { secondsLeft?: number } {
  return perSecond > 0 ? { secondsLeft: Math.max(0, Math.round(amount / perSecond)) } : {}
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

const troubled = `ended_at IS NULL AND ? = 1 AND (failing_since IS NOT NULL OR EXISTS (
  SELECT 1 FROM transfer_targets AS t WHERE t.transfer = transfers.id AND t.failing_since IS NOT NULL))`
