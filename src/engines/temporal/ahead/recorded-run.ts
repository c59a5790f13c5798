import type { FeedItem } from '../../../history/index.ts'
import type { Workflow } from '../../../workflow/definition/index.ts'
import type { Json } from '../../../workflow/index.ts'
import type { RunRow } from '../../run/run-row.ts'
import { sealerOf, type Sealer } from '../../run/seal.ts'
import type { Cluster } from '../cluster.ts'

/** All that a run goes on from. */
export interface RecordedRun {
  readonly row: RunRow
  readonly workflow: Workflow
  /** Values of the secrets that are sealed in what is recorded. */
  readonly secrets: { readonly [name: string]: Json }
  readonly sealer: Sealer
  /** The journal as it was written. */
  readonly rows: readonly (readonly FeedItem[])[]
}

/** What is recorded of the run with this row. */
export async function recordedRun(core: Cluster, row: RunRow): Promise<RecordedRun> {
  const { records, definitions } = core
  const names = row.seal?.names ?? []
  const [{ workflow }, given] = await Promise.all([definitions.get(row.digest), records.secrets(row.seal)])
  // A store of secrets may give more than it is asked for.
  const secrets = only(names, given)
  const sealer = sealerOf(row.seal, secrets)
  return { row, workflow, secrets, sealer, rows: await records.rows(row, sealer) }
}

/** Of these secrets, those that are named. */
export function only(
  names: readonly string[],
  secrets: { readonly [name: string]: Json },
): { [name: string]: Json } {
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(secrets, name) ? [[name, secrets[name] as Json]] : [])),
  )
}
