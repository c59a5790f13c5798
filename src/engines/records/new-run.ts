import type { FeedItem } from '../../history/index.ts'
import type { Json, RunStart } from '../../workflow/index.ts'
import type { RunRow } from '../run/run-row.ts'
import type { Birth } from '../run/run-writer.ts'
import type { Pinned } from './definitions.ts'
import { timeOrderedId } from './ids.ts'
import { newSeal } from './new-seal.ts'

/** What a new run is made of, beside its definition. */
export interface NewRun extends Birth {
  readonly id?: string
  readonly input: Json
  readonly by?: string | undefined
  readonly parent?: RunRow
  readonly parentKey?: string
  readonly idempotencyKey?: string | undefined
  readonly schedule?: number
  readonly rerunOf?: RunRow
  /** Results of another run, to be given to this one. */
  readonly copies?: readonly Extract<FeedItem, { type: 'copy' }>[]
  readonly override?: { key: string; input: Json }
  /** Events that started it and that it does not see again. */
  readonly consumed?: readonly number[]
}

interface Given {
  readonly number: number
  /** Milliseconds since 1970, UTC. */
  readonly now: number
  readonly firstEvent: number
  readonly runtime: RunStart['runtime']
}

/** The row of a new run and the items of its first row of the journal. */
export function newRun(
  { workflow, reference, digest }: Pinned,
  spec: NewRun,
  { number, now, firstEvent, runtime }: Given,
): { row: RunRow; items: FeedItem[] } {
  const { parent, rerunOf, copies = [], override } = spec
  const visible = workflow.use?.secrets ?? []
  const above = [...(parent?.seal?.names ?? []), ...(rerunOf?.seal?.names ?? [])]
  const tags = workflow.document.tags
  const row: RunRow = {
    number,
    id: spec.id ?? timeOrderedId(now),
    reference,
    digest,
    status: 'running',
    startedAt: now,
    by: spec.by,
    parent: parent?.number,
    parentKey: spec.parentKey,
    depth: parent ? parent.depth + 1 : 0,
    rerunOf: rerunOf?.id,
    schedule: spec.schedule,
    idempotencyKey: spec.idempotencyKey,
    labels: tags && Object.keys(tags).length > 0 ? (tags as RunRow['labels']) : undefined,
    firstEvent,
    seal: newSeal([...new Set([...visible, ...above])]),
  }
  const first: FeedItem = {
    type: 'start',
    at: now,
    input: spec.input,
    runtime,
    ...(override && { override }),
    ...(spec.consumed && { consumed: [...spec.consumed] }),
  }
  return { row, items: [first, ...copies.map((copy) => ({ ...copy, at: now }))] }
}
