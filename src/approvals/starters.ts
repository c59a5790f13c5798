import type { Database } from '../database/index.ts'
import { decodeRow } from '../history/index.ts'
import { isObject, type Json } from '../workflow/index.ts'

export interface RunOrigin {
  readonly namespace: string
  readonly name: string
  readonly version: string
  /** Everybody who started it, or what it is part of, or what it repeats; and who sent the events that did. */
  readonly starters: readonly string[]
}

const mostRuns = 200

/** Where a run comes from, up through the runs that it is within and those that it reruns. `undefined`: no such run. */
export async function originOfRun(database: Database, id: string): Promise<RunOrigin | undefined> {
  const [first] = await runs(database, 'id = ?', id)
  if (!first) return undefined
  const starters = new Set<string>()
  const due = [first]
  const seen = new Set<number>()
  for (let run = due.shift(); run; run = due.shift()) {
    if (seen.has(run.number) || seen.size >= mostRuns) continue
    seen.add(run.number)
    if (run.started_by !== null) starters.add(run.started_by)
    for (const sender of await senders(database, run.number)) starters.add(sender)
    if (run.parent !== null) due.push(...(await runs(database, 'number = ?', run.parent)))
    if (run.rerun_of !== null) due.push(...(await runs(database, 'id = ?', run.rerun_of)))
  }
  const { namespace, name, version } = first
  return { namespace, name, version, starters: [...starters] }
}

type RunRow = {
  number: number
  namespace: string
  name: string
  version: string
  started_by: string | null
  parent: number | null
  rerun_of: string | null
}

async function runs(database: Database, where: string, value: string | number): Promise<RunRow[]> {
  return database.query<RunRow>(
    `SELECT number, namespace, name, version, started_by, parent, rerun_of FROM runs WHERE ${where}`,
    [value],
  )
}

/** The people who sent the events by which the run was started; they are its input. */
async function senders(database: Database, run: number): Promise<string[]> {
  const [row] = await database.query<{ data: string }>(
    'SELECT data FROM journal WHERE run = ? ORDER BY seq LIMIT 1',
    [run],
  )
  const start = row && decodeRow(row.data).find(({ type }) => type === 'start')
  if (start?.type !== 'start' || !start.consumed) return []
  const found: string[] = []
  for (const event of eventsIn(start.input)) {
    const sent = await database.query<{ subject: string }>(
      'SELECT subject FROM event_senders WHERE source = ? AND id = ?',
      [event.source, event.id],
    )
    found.push(...sent.map(({ subject }) => subject))
  }
  return found
}

function eventsIn(input: Json): { source: string; id: string }[] {
  const list = Array.isArray(input) ? input : [input]
  return list.slice(0, 1000).flatMap((item) => {
    if (!isObject(item)) return []
    const { source, id } = item
    return typeof source === 'string' && typeof id === 'string' ? [{ source, id }] : []
  })
}
