import type { Source } from '../connectors/index.ts'
import { SluseError } from '../errors.ts'
import { fault, isObject } from '../workflow/index.ts'
import { originAt, parseLines } from './dataset/block.ts'
import type { Keys } from './dataset/keys.ts'
import { DatasetReader } from './dataset/reader.ts'
import type { DatasetStorage } from './dataset/storage.ts'
import { revealRecord } from './personal.ts'
import type { Store } from './store/store.ts'

/** A dataset as a source: of an earlier transfer, or of what was received. */
export async function datasetSource(
  id: string,
  { store, keys, storage }: { readonly store: Store; readonly keys: Keys; readonly storage: DatasetStorage },
): Promise<Source> {
  const dataset = await store.dataset(id)
  if (!dataset) throw new SluseError('SLUSE-DATASET-NOT-FOUND', `(${id})`)
  if (!dataset.sealed)
    throw fault('configuration', `The dataset ${id} is not whole: its source was not read to the end.`)
  const key = await keys.get(dataset.storage)
  const { personal, extent } = dataset
  return {
    async *read({ position, signal }) {
      const reader = new DatasetReader(storage, dataset.storage, key)
      let at = isObject(position)
        ? { segment: Number(position.segment), offset: Number(position.offset) }
        : { segment: 0, offset: 0 }
      try {
        for (;;) {
          signal.throwIfAborted()
          const block = await reader.block(at, extent)
          if (!block) return
          at = block.next
          const common = {
            origin: (index: number) => originAt(block.origins, index),
            bad: [],
            position: { ...at },
            progress: { done: block.first + block.count, total: extent.records, unit: 'records' as const },
          }
          yield personal
            ? { ...common, records: parseLines(block.lines).map((each) => revealRecord(each, personal, key)) }
            : { ...common, lines: block.lines, count: block.count }
        }
      } finally {
        await reader.close()
      }
    },
  }
}
