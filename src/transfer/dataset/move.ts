import type { Database } from '../../database/index.ts'
import { SluseError } from '../../errors.ts'
import { datasetFrom } from '../store/read-rows.ts'
import type { DatasetRow } from '../store/rows.ts'
import { nothingYet } from './block.ts'
import type { Datasets } from './datasets.ts'

export interface MovedDatasets {
  readonly datasets: number
  readonly bytes: number
  /** Ids of those whose key is at neither place: nobody can read them. */
  readonly lost: readonly string[]
}

export interface MoveDatasetsOptions {
  readonly database: Database
  readonly from: Datasets
  readonly to: Datasets
  /** Told after each of them. */
  readonly progress?: (dataset: string) => void
}

/** About so much is made durable at once. */
const pieceBytes = 8 * 1024 * 1024

/**
 * Moves every dataset with its key, byte by byte, so that all addresses in it stay what they are; while no server runs.
 * One counts as moved once its key has gone from where it was: what was interrupted is gone on with by asking again.
 * Throws `SLUSE-MIGRATE` where a transfer must end first.
 */
export async function moveDatasets(options: MoveDatasetsOptions): Promise<MovedDatasets> {
  const { database, progress = () => {} } = options
  await mustBeMovable(database)
  const done = { datasets: 0, bytes: 0, lost: [] as string[] }
  for (let after = 0; ;) {
    const [row] = await database.query(
      'SELECT * FROM datasets WHERE number > ? AND erased_at IS NULL ORDER BY number LIMIT 1',
      [after],
    )
    if (!row) return done
    after = Number(row.number)
    const dataset = datasetFrom(row)
    const bytes = await moveOne(dataset, options)
    if (bytes === 'lost') done.lost.push(dataset.id)
    else if (bytes !== 'moved before') {
      done.datasets += 1
      done.bytes += bytes
      progress(dataset.id)
    }
  }
}

/** The keys that a step has seen stay where they are. */
async function mustBeMovable(database: Database): Promise<void> {
  const [open] = await database.query<{ id: string }>(
    `SELECT id FROM transfers WHERE status = 'reading' AND ended_at IS NULL AND plan LIKE '%"deduplicate"%' LIMIT 1`,
  )
  if (!open) return
  throw new SluseError(
    'SLUSE-MIGRATE',
    `The transfer ${open.id} reads its source and leaves out what it has seen: let it end, or cancel its run, first.`,
  )
}

async function moveOne(
  { storage: name, extent }: DatasetRow,
  { database, from, to }: MoveDatasetsOptions,
): Promise<number | 'lost' | 'moved before'> {
  const there = await keyOf(to, name)
  const here = await keyOf(from, name)
  if (!here) return there ? 'moved before' : 'lost'
  // What an interrupted move left is begun anew.
  if (there) await to.storage.remove(name)
  await to.keys.put(name, here)
  const reader = from.storage.read(name)
  const appender = await to.storage.append(name, nothingYet)
  let bytes = 0
  try {
    for (let segment = 0; segment <= extent.segment; segment += 1) {
      if (segment > 0) await appender.begin(segment)
      const end = segment < extent.segment ? await reader.size(segment) : extent.offset
      for (let offset = 0; offset < end;) {
        const wanted = Math.min(pieceBytes, end - offset)
        const piece = (await reader.bytes({ segment, offset }, wanted)).subarray(0, end - offset)
        if (piece.length < wanted) throw new SluseError('SLUSE-DATASET-DAMAGED', `(${name} is too short)`)
        await appender.write(piece, { segment, offset })
        await database.commit(await appender.sync())
        offset += piece.length
        bytes += piece.length
      }
    }
    await database.commit(await appender.sync())
  } finally {
    await appender.close()
    await reader.close()
  }
  await from.keys.destroy(name)
  await from.storage.remove(name)
  return bytes
}

async function keyOf({ keys }: Datasets, name: string): Promise<Uint8Array | undefined> {
  try {
    return await keys.get(name)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SLUSE-DATASET-ERASED') return undefined
    throw error
  }
}
