import type { Json, JsonObject } from '../workflow/index.ts'
import { differenceOfDocuments, differenceOfRows, type Difference } from './difference.ts'
import { readMarkdown, type MarkdownNode } from './markdown.ts'
import type { Shown } from './request.ts'
import type { Approval } from './store.ts'

/** What an approval shows, ready to be shown: descriptions as a safe tree, tables with counts, samples and changes. */
export interface ApprovalContent {
  readonly description: readonly MarkdownNode[]
  readonly show: readonly ShownContent[]
  readonly form?: JsonObject
}

export type ShownContent = { readonly title?: string } & (
  | { readonly kind: 'document'; readonly document: Json; readonly difference?: Difference }
  | {
      readonly kind: 'table'
      readonly columns: readonly { readonly field: string; readonly title: string }[]
      readonly count: number
      readonly rows: readonly Json[]
      readonly difference?: Difference
    }
  | {
      readonly kind: 'dataset'
      readonly dataset: string
      /** Absent where there is no such dataset any more. */
      readonly count?: number
      /** Some of the records, personal data hidden. */
      readonly rows?: readonly Json[]
      readonly difference?: Difference
      /** Records that were compared, where they are not all. */
      readonly compared?: number
    }
)

/** What approvals see of datasets; whoever moves records implements it. Personal data in them is hidden. */
export interface Datasets {
  /** The first records, at most `most`; `undefined`: it is not there, or erased. */
  read(uri: string, most: number): Promise<{ count: number; records: readonly Json[] } | undefined>
  /** The dataset that a pipeline delivered last, whole, apart from this one. */
  lastDelivered(pipeline: { namespace: string; name: string }, but: string): Promise<string | undefined>
}

const rowsShown = 200
const samplesShown = 20
const mostCompared = 10_000

export async function contentOf(approval: Approval, datasets: Datasets): Promise<ApprovalContent> {
  const { request } = approval
  return {
    description: readMarkdown(request.description),
    show: await Promise.all(request.show.map((each) => shown(each, approval, datasets))),
    ...(request.form && { form: request.form }),
  }
}

async function shown(each: Shown, approval: Approval, datasets: Datasets): Promise<ShownContent> {
  const title = each.title === undefined ? {} : { title: each.title }
  switch (each.kind) {
    case 'document': {
      const { document, before } = each
      const difference = before === undefined ? {} : { difference: differenceOfDocuments(before, document) }
      return { ...title, kind: 'document', document, ...difference }
    }
    case 'table': {
      const { rows, columns, key, before } = each
      const difference = before === undefined ? {} : { difference: differenceOfRows(before, rows, key) }
      return {
        ...title,
        kind: 'table',
        columns,
        count: rows.length,
        rows: rows.slice(0, rowsShown),
        ...difference,
      }
    }
    case 'dataset':
      return { ...title, ...(await datasetContent(each, approval, datasets)) }
  }
}

async function datasetContent(
  { dataset, before, key }: Extract<Shown, { kind: 'dataset' }>,
  { namespace, name }: Approval,
  datasets: Datasets,
): Promise<Extract<ShownContent, { kind: 'dataset' }>> {
  const now = await datasets.read(dataset, mostCompared)
  if (!now) return { kind: 'dataset', dataset }
  const shown = {
    kind: 'dataset' as const,
    dataset,
    count: now.count,
    rows: now.records.slice(0, samplesShown),
  }
  const last = before ?? (await datasets.lastDelivered({ namespace, name }, dataset))
  const then = last === undefined ? undefined : await datasets.read(last, mostCompared)
  if (!then) return shown
  const compared = Math.max(now.count, then.count) > mostCompared ? { compared: mostCompared } : {}
  return { ...shown, difference: differenceOfRows(then.records, now.records, key), ...compared }
}
