import type { Settings } from '../config/index.ts'
import type { Database } from '../database/index.ts'
import type { SecretStore } from '../engines/index.ts'
import type { Member } from '../members/index.ts'
import type { TransfersOptions } from '../transfer/index.ts'
import type { Workflow } from '../workflow/definition/index.ts'

/** How this process carries transfers out together with the others of its installation. */
export function sharingOf(
  { role, transferJobs }: Settings,
  database: Database,
  member: Member,
  secrets: SecretStore,
): NonNullable<TransfersOptions['sharing']> {
  return {
    takes: role !== 'api',
    member,
    jobs: transferJobs,
    // As the engine gives them to the run's own activities; whoever helps with one looks them up by itself.
    async secrets(run) {
      const [row] = await database.query<{ workflow: string }>(
        'SELECT workflow FROM runs JOIN definitions ON definitions.digest = runs.digest WHERE runs.id = ?',
        [run],
      )
      const { use } = row ? (JSON.parse(row.workflow) as Workflow) : {}
      const names = use?.secrets ?? []
      const values = names.length > 0 ? await secrets(names) : {}
      return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)))
    },
  }
}
