import { isObject, problem, type Json, type JsonObject, type Problem } from '../../workflow/index.ts'
import type { RecordBatch, Target, WriteResult } from '../connector.ts'
import { metadataOf, recordMetadata, type MetadataOf } from './metadata.ts'
import { refusalOf, type Sidecar } from './sidecar.ts'

/** https://docs.dapr.io/reference/api/state_api/: each record is kept under its key; the last one wins. */
export const stateTargetOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: { metadata: recordMetadata },
}

export function stateTarget(sidecar: Sidecar, options: JsonObject): Target {
  const metadata = metadataOf(options.metadata)
  return {
    async begin({ key, signal: beginning }) {
      await sidecar.check(beginning)
      return {
        resumable: true,
        parallel: true,
        write: (batch, signal) => save(sidecar, metadata, key, batch, signal),
        finish: async () => {},
        abort: async () => {},
      }
    },
  }
}

interface Item {
  readonly indexes: number[]
  readonly entry: Json
}

async function save(
  sidecar: Sidecar,
  metadata: MetadataOf,
  key: readonly string[],
  batch: RecordBatch,
  signal: AbortSignal,
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  // A store may write the items of one request at the same time: of one key there must be one, the newest.
  const items = new Map<string, Item>()
  for (const [index, value] of batch.values().entries()) {
    const own = keyOf(value, key)
    const made = metadata(value)
    if (typeof own !== 'string') refused.push({ index, problem: own })
    else if ('problem' in made) refused.push({ index, problem: made.problem })
    else {
      const indexes = [...(items.get(own)?.indexes ?? []), index]
      items.set(own, { indexes, entry: { key: own, value, ...made } })
    }
  }

  const post = (some: readonly Item[]) =>
    sidecar.post(
      `/v1.0/state/${encodeURIComponent(sidecar.component)}`,
      some.map(({ entry }) => entry),
      signal,
      {
        idempotencyKey: batch.idempotencyKey(some[0]?.indexes[0] ?? 0),
      },
    )
  const all = [...items.values()]
  try {
    if (all.length > 0) await post(all)
  } catch (error) {
    if (!refusalOf(error)) throw error
    // Which of them it is about nobody says: each alone shows it.
    for (const item of all) {
      await post([item]).catch((reason: unknown) => {
        const found = refusalOf(reason)
        if (!found) throw reason
        for (const index of item.indexes) refused.push({ index, problem: found })
      })
    }
  }
  return { refused: refused.sort((one, other) => one.index - other.index), state: null }
}

/** One member is the key as it stands; several are joined by `:`, each encoded so that no two keys are the same. */
function keyOf(record: Json, members: readonly string[]): string | Problem {
  const parts: string[] = []
  for (const member of members) {
    const value = isObject(record) ? record[member] : undefined
    if (
      (typeof value !== 'string' || value === '') &&
      typeof value !== 'number' &&
      typeof value !== 'boolean'
    ) {
      return problem('validation', `The record has no ${JSON.stringify(member)}, which is its key.`)
    }
    parts.push(String(value))
  }
  const key = parts.length === 1 ? String(parts[0]) : parts.map(encodeURIComponent).join(':')
  if (!key.includes('||')) return key
  return problem('validation', 'The key has `||` in it, which Dapr keeps for itself.')
}
