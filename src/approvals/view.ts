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
  | { readonly kind: 'dataset'; readonly dataset: string }
)

const rowsShown = 200

export function contentOf({ request }: Approval): ApprovalContent {
  return {
    description: readMarkdown(request.description),
    show: request.show.map(shown),
    ...(request.form && { form: request.form }),
  }
}

function shown(each: Shown): ShownContent {
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
      return { ...title, kind: 'dataset', dataset: each.dataset }
  }
}
