import type { Statement } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { Json } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { nothingYet } from './dataset/block.ts'
import type { PersonalData } from './personal.ts'
import type { Plan } from './plan.ts'
import type { DatasetRow, TransferRow } from './store/rows.ts'
import { insertDataset, insertTarget, insertTransfer, keepLonger } from './store/store.ts'

export interface NewTransfer extends Pick<
  TransferRow,
  'id' | 'kind' | 'origin' | 'run' | 'task' | 'namespace' | 'name' | 'source' | 'plan'
> {
  /** Committed with it. */
  readonly also?: readonly Statement[]
  /** Stage into a new dataset even where the source is one that could be delivered as it lies. */
  readonly restage?: boolean
}

/**
 * Makes a transfer durable, with its targets and its dataset, and the dataset's key before. From a dataset, without
 * steps, nothing needs to be staged again: that dataset is delivered as it lies.
 */
export async function createTransfer(transfer: NewTransfer, means: Means): Promise<void> {
  const { store, keys, now } = means
  const { plan, id } = transfer
  const startedAt = now()
  const given = plan.from.kind === 'dataset' ? await existing(plan.from.dataset, means) : undefined
  const personal = merged(plan.personal, given?.personal)
  const asItLies =
    given?.sealed === true && plan.steps.length === 0 && plan.personal === undefined && !transfer.restage
  if (!asItLies) await keys.create(id)
  const last = asItLies ? undefined : await store.lastRead(transfer.origin, id)
  const since: Json = last?.position ?? null
  await store.database.commit([
    ...(asItLies
      ? [keepLonger(given.id, startedAt + plan.keep)]
      : [
          insertDataset({
            id,
            source: transfer.source,
            createdAt: startedAt,
            extent: nothingYet,
            batch: 0,
            sealed: false,
            personal,
            expiresAt: startedAt + plan.keep,
            erasedAt: undefined,
          }),
        ]),
    insertTransfer({
      ...transfer,
      dataset: asItLies ? given.id : id,
      status: asItLies && !plan.expect ? 'delivering' : 'reading',
      position: null,
      since,
      startedAt,
      read: 0,
      bad: 0,
      skipped: 0,
      progress: undefined,
      confirmed: false,
      trouble: undefined,
      error: undefined,
      readAt: undefined,
      endedAt: undefined,
    }),
    ...plan.to.map((target, index) =>
      insertTarget({
        transfer: id,
        target: index,
        name: target.name,
        connection: target.connection,
        mode: target.mode,
        status: 'waiting',
        at: { segment: 0, offset: 0 },
        records: 0,
        delivered: 0,
        refused: 0,
        skipped: 0,
        state: null,
        trouble: undefined,
        error: undefined,
      }),
    ),
    ...(transfer.also ?? []),
  ])
}

async function existing(id: string, { store }: Means): Promise<DatasetRow> {
  const dataset = await store.dataset(id)
  if (!dataset) throw new SluseError('SLUSE-DATASET-NOT-FOUND', `(${id})`)
  if (dataset.erasedAt !== undefined) throw new SluseError('SLUSE-DATASET-ERASED', `(${id})`)
  return dataset
}

/** What is personal in what was read stays so, whoever passes it on. */
function merged(own: Plan['personal'], given: PersonalData | undefined): PersonalData | undefined {
  if (!own || !given) return own ?? given
  return {
    encrypt: [...new Set([...given.encrypt, ...own.encrypt])],
    mask: [...new Set([...given.mask, ...own.mask])],
  }
}
