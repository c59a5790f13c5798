import { saveMark, type Database, type Statement } from '../../database/index.ts'
import type { PipelineName } from '../engine.ts'

/**
 * A pipeline that is enabled again, until what came meanwhile has been dealt with: whoever leads may do that later, and
 * another one than leads now.
 */
export interface Resumed extends PipelineName {
  /** Number of the first event that came while it was disabled. */
  readonly fromEvent: number
}

const prefix = 'resumed '

/** To be written with what enables it. */
export function resumed(pipeline: PipelineName, fromEvent: number): Statement {
  return saveMark(markOf(pipeline), fromEvent)
}

export async function resumedPipelines(database: Database): Promise<Resumed[]> {
  const rows = await database.query<{ name: string; value: number }>(
    `SELECT name, value FROM marks WHERE name LIKE '${prefix}%' ORDER BY name`,
  )
  return rows.map(({ name, value }) => {
    const [namespace = '', pipeline = ''] = name.slice(prefix.length).split('/')
    return { namespace, name: pipeline, fromEvent: value }
  })
}

/** Unless it was disabled and enabled once more since. */
export function forget({ fromEvent, ...pipeline }: Resumed): Statement {
  return {
    sql: 'DELETE FROM marks WHERE name = ? AND value = ?',
    parameters: [markOf(pipeline), fromEvent],
  }
}

function markOf({ namespace, name }: PipelineName): string {
  return `${prefix}${namespace}/${name}`
}
