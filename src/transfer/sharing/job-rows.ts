import type { Database, Row, Statement } from '../../database/index.ts'
import type { Problem } from '../../workflow/index.ts'
import { parsed } from '../store/read-rows.ts'

/** A job of a transfer that is under way, and still to be done. Times are milliseconds since 1970. */
export interface JobRow extends JobPlace {
  /** Of this hold and of no other; empty where nobody has ever had it. */
  readonly holder: string
  /** The name of the holder's process. */
  readonly process: string
  /** Until then it is the holder's. */
  readonly until: number
  /** Nobody begins it before. */
  readonly due: number
  /** Why all of the transfer is over. */
  readonly error: Problem | undefined
}

export interface JobPlace {
  readonly transfer: string
  readonly job: JobName
}

/** `lead`: seeing to it that the others are done, and ending the transfer. */
export type JobName = 'lead' | 'read' | `deliver:${number}`

/** The number of the target that a job delivers to. */
export function targetOf(job: JobName): number | undefined {
  const [, number] = /^deliver:(\d+)$/.exec(job) ?? []
  return number === undefined ? undefined : Number(number)
}

export async function readJobs(database: Database, transfer?: string): Promise<readonly JobRow[]> {
  const rows = await (transfer === undefined
    ? database.query('SELECT * FROM transfer_jobs ORDER BY transfer, job')
    : database.query('SELECT * FROM transfer_jobs WHERE transfer = ?', [transfer]))
  return rows.map(jobFrom)
}

function jobFrom(row: Row): JobRow {
  return {
    transfer: String(row.transfer),
    job: row.job as JobName,
    holder: String(row.holder),
    process: String(row.process),
    until: Number(row.until),
    due: Number(row.due),
    error: row.error === null ? undefined : (parsed(row.error) as unknown as Problem),
  }
}

/** Where it is there already it stays as it is. */
export function openJob({ transfer, job }: JobPlace): Statement {
  return {
    sql: `INSERT INTO transfer_jobs (transfer, job, holder, process, until, due) VALUES (?, ?, '', '', 0, 0)
          ON CONFLICT DO NOTHING`,
    parameters: [transfer, job],
  }
}

/** `ledSince`: only where somebody has led the transfer since then. */
export function takeJob(
  { transfer, job }: JobPlace,
  by: { readonly holder: string; readonly process: string; readonly until: number },
  now: number,
  ledSince: number,
): Statement {
  const led = `EXISTS (SELECT 1 FROM transfer_jobs AS l WHERE l.transfer = transfer_jobs.transfer AND l.job = 'lead' AND l.until >= ?)`
  return {
    sql: `UPDATE transfer_jobs SET holder = ?, process = ?, until = ?
          WHERE transfer = ? AND job = ? AND until <= ? AND due <= ? AND error IS NULL AND (job = 'lead' OR ${led})`,
    parameters: [by.holder, by.process, by.until, transfer, job, now, now, ledSince],
    expect: 1,
  }
}

/** What a holder says of its job; the transaction fails where the job is not its own any more. */
export function changeHeld(
  { transfer, job }: JobPlace,
  holder: string,
  change: Partial<Pick<JobRow, 'until' | 'due' | 'error'>>,
): Statement {
  const { error, ...times } = change
  const values = { ...times, ...(error && { error: JSON.stringify(error) }) }
  const assigned = Object.keys(values).map((name) => `${name} = ?`)
  return {
    sql: `UPDATE transfer_jobs SET ${assigned.join(', ')} WHERE transfer = ? AND job = ? AND holder = ?`,
    parameters: [...Object.values(values), transfer, job, holder],
    expect: 1,
  }
}

export function closeJob({ transfer, job }: JobPlace, holder: string): Statement {
  return {
    sql: 'DELETE FROM transfer_jobs WHERE transfer = ? AND job = ? AND holder = ?',
    parameters: [transfer, job, holder],
    expect: 1,
  }
}

/** Whoever has one of them, or a part of one, can write nothing more. */
export function closeJobs(transfer: string): Statement[] {
  return [
    { sql: "DELETE FROM transfer_jobs WHERE transfer = ? AND job <> 'lead'", parameters: [transfer] },
    { sql: 'DELETE FROM transfer_parts WHERE transfer = ?', parameters: [transfer] },
  ]
}
