import type { FeedItem } from '../../history/index.ts'
import type { Workflow } from '../../workflow/definition/index.ts'
import type { Json, RunStart } from '../../workflow/index.ts'
import type { RunRow } from '../run/run-row.ts'

/** What a run starts from, each time that it comes into memory. */
export function startOf(
  row: RunRow,
  { workflow }: { readonly workflow: Workflow },
  items: readonly FeedItem[],
  secrets: { readonly [name: string]: Json },
): RunStart {
  const [first] = items
  if (first?.type !== 'start') throw new Error('The journal has no beginning.')
  const visible = workflow.use?.secrets ?? []
  return {
    id: row.id,
    workflow,
    input: first.input,
    startedAt: row.startedAt,
    secrets: Object.fromEntries(
      visible.flatMap((name) => (Object.hasOwn(secrets, name) ? [[name, secrets[name] as Json]] : [])),
    ),
    runtime: first.runtime,
    ...(first.override && { override: first.override }),
  }
}
