import type { Statement } from '../../database/index.ts'
import { fromColumns, isOver, selectRun } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'

const prefix = 'temporal namespace '
const pageSize = 200
const atOnce = 20

/**
 * Where the records have come to another namespace than they were in (a copy was restored, Temporal lost its data, another
 * server is used), it knows nothing of the runs that are under way: all of them begin anew from the records. Done in the
 * middle, it is done again by whoever leads next, for the runs that have not begun there. `fence` goes with what is written.
 */
export async function beginInOtherNamespace(core: Cluster, fence: Statement): Promise<void> {
  const { database, log } = core
  const id = await namespaceId(core)
  if (id === undefined) return
  const marks = await database.query<{ name: string }>(`SELECT name FROM marks WHERE name LIKE '${prefix}%'`)
  const mark = `${prefix}${id}`
  if (marks.some(({ name }) => name === mark)) return
  if (marks.length > 0) {
    log(
      'warn',
      'This is another namespace of Temporal than before: runs under way begin there from the records.',
    )
    log('info', 'All runs under way have begun there.', { runs: await beginAll(core) })
  }
  const forget = { sql: `DELETE FROM marks WHERE name LIKE '${prefix}%'` }
  const keep = { sql: 'INSERT INTO marks (name, value) VALUES (?, ?)', parameters: [mark, Date.now()] }
  await database.commit([fence, forget, keep])
}

/** `undefined` where nobody may ask: then nothing is done by itself. */
async function namespaceId({ client, ask }: Cluster): Promise<string | undefined> {
  const { namespace } = client.options
  const asked = () => client.workflowService.describeNamespace({ namespace })
  const described = await ask(asked).catch(() => undefined)
  return described?.namespaceInfo?.id || undefined
}

async function beginAll({ database, runs }: Cluster): Promise<number> {
  let begun = 0
  for (let after = 0; ;) {
    const rows = await database.query(
      `${selectRun} WHERE number > ? AND number IN (SELECT run FROM executions) ORDER BY number LIMIT ?`,
      [after, pageSize],
    )
    const all = rows.map(fromColumns)
    const left = all.filter(({ status }) => !isOver(status))
    for (let from = 0; from < left.length; from += atOnce)
      await Promise.all(left.slice(from, from + atOnce).map((row) => runs.begin(row)))
    begun += left.length
    after = all.at(-1)?.number ?? after
    if (rows.length < pageSize) return begun
  }
}
