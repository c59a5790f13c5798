import type { Database, Row } from '../database/index.ts'
import type { RunStatus } from '../history/index.ts'

/** What an operator looks at first: how many runs there are of each kind, and what the schedules will do. */
export interface Overview {
  /** Of these namespaces, or of all. */
  read(now: number, namespaces?: readonly string[]): Promise<OverviewState>
  /** What a run that has left memory waits for. */
  waitsOf(runId: string): Promise<readonly Wait[]>
}

export interface OverviewState {
  /** Runs that have not ended, by status. */
  readonly open: { readonly [status in RunStatus]?: number }
  /** Runs that ended within the last 24 hours, by status. */
  readonly ended: { readonly [status in RunStatus]?: number }
  /** Ids of the runs that have been running for the longest, the oldest first; at most 8. */
  readonly slow: readonly string[]
  /** What the schedules start next, the nearest first; at most 20. */
  readonly ahead: readonly { namespace: string; name: string; version: string; at: string }[]
}

export interface Wait {
  /** Key of the task. */
  readonly key: string
  readonly kind: string
  /** ISO 8601. */
  readonly due?: string
  /** Type of the event that it waits for. */
  readonly event?: string
}

const day = 86_400_000

export function openOverview(database: Database): Overview {
  const counts = async (within: Within, where: string, ...parameters: number[]) => {
    const rows = await database.query<{ status: string; runs: number }>(
      `SELECT status, count(*) AS runs FROM runs WHERE ${where}${within.sql} GROUP BY status`,
      [...parameters, ...within.parameters],
    )
    return Object.fromEntries(rows.map(({ status, runs }) => [status, runs]))
  }
  return {
    read: async (now, namespaces) => {
      const within = withinNamespaces(namespaces)
      const [open, ended, slow, ahead] = await Promise.all([
        counts(within, "status IN ('pending', 'running', 'waiting', 'suspended')"),
        counts(within, 'ended_at >= ?', now - day),
        database.query<{ id: string }>(
          `SELECT id FROM runs WHERE status IN ('pending', 'running')${within.sql} ORDER BY number LIMIT 8`,
          within.parameters,
        ),
        database.query<Row>(
          `SELECT namespace, name, version, next_due FROM schedules
           WHERE next_due IS NOT NULL${within.sql} AND NOT EXISTS (SELECT 1 FROM disabled_pipelines AS off
             WHERE off.namespace = schedules.namespace AND off.name = schedules.name) ORDER BY next_due LIMIT 20`,
          within.parameters,
        ),
      ])
      return { open, ended, slow: slow.map(({ id }) => id), ahead: ahead.map(aheadOf) }
    },
    waitsOf: async (runId) => {
      const rows = await database.query<Row>(
        `SELECT key, kind, due, type FROM waits
         WHERE run = (SELECT number FROM runs WHERE id = ?) ORDER BY number LIMIT 1000`,
        [runId],
      )
      return rows.map(waitOf)
    },
  }
}

interface Within {
  readonly sql: string
  readonly parameters: readonly string[]
}

function withinNamespaces(namespaces: readonly string[] | undefined): Within {
  if (!namespaces) return { sql: '', parameters: [] }
  return { sql: ` AND namespace IN (${namespaces.map(() => '?').join(', ')})`, parameters: namespaces }
}

function aheadOf({ namespace, name, version, next_due }: Row) {
  return {
    namespace: namespace as string,
    name: name as string,
    version: version as string,
    at: new Date(next_due as number).toISOString(),
  }
}

function waitOf({ key, kind, due, type }: Row): Wait {
  return {
    key: key as string,
    kind: kind as string,
    ...(due !== null && { due: new Date(due as number).toISOString() }),
    ...(type !== null && { event: type as string }),
  }
}
