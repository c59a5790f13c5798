import type { Datasets } from '../approvals/index.ts'
import { hasCode } from '../errors.ts'
import type { Transfers } from '../transfer/index.ts'

/** What approvals show of the datasets that transfers keep. */
export function approvalDatasets({ overview }: Transfers): Datasets {
  return {
    read: async (uri, most) => {
      const [, id] = /^sluse:dataset\/([A-Za-z0-9_-]{1,64})$/.exec(uri) ?? []
      if (id === undefined) return undefined
      try {
        const { records: count } = await overview.dataset(id)
        const { records } = await overview.preview(id, 0, most)
        return { count, records: records.map(({ record }) => record) }
      } catch (error) {
        if (hasCode(error, 'SLUSE-DATASET-NOT-FOUND') || hasCode(error, 'SLUSE-DATASET-ERASED'))
          return undefined
        throw error
      }
    },
    lastDelivered: async ({ namespace, name }, but) => {
      const { transfers } = await overview.list({ namespace, name, status: 'completed', limit: 20 })
      return transfers.find(
        ({ dataset, kind, targets }) => kind === 'run' && targets.length > 0 && dataset !== but,
      )?.dataset
    },
  }
}
