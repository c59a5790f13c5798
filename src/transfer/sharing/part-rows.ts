import { insertRows, type Database, type Statement } from '../../database/index.ts'
import type { JobName, JobPlace } from './job-rows.ts'

/** A part of a job that its holder lets any process do. Times are milliseconds since 1970. */
export interface PartRow extends PartPlace {
  /** Of whoever has taken it, and of this time only; empty where nobody has. */
  readonly holder: string
  /** The name of the process that has taken it. */
  readonly process: string
  /** Until then it is theirs. */
  readonly until: number
  /** `declined`: whoever took it could not do it, and nobody is to but the job's holder. */
  readonly state: 'open' | 'done' | 'declined'
}

export interface PartPlace extends JobPlace {
  /** Among the parts of its job: in this order they are settled. */
  readonly number: number
}

/** All that there are, or those of a transfer, without what is in them. */
export async function readParts(database: Database, transfer?: string): Promise<readonly PartRow[]> {
  const [where, parameters] = transfer === undefined ? ['', []] : ['WHERE transfer = ?', [transfer]]
  const rows = await database.query(
    `SELECT transfer, job, number, holder, process, until,
       CASE WHEN output IS NULL THEN 'open' WHEN output = '' THEN 'declined' ELSE 'done' END AS state
     FROM transfer_parts ${where} ORDER BY transfer, job, number`,
    parameters,
  )
  return rows.map((row) => ({
    transfer: String(row.transfer),
    job: row.job as JobName,
    number: Number(row.number),
    holder: String(row.holder),
    process: String(row.process),
    until: Number(row.until),
    state: row.state as PartRow['state'],
  }))
}

/** `undefined` where it is another's by now. */
export async function readInput(
  database: Database,
  { transfer, job, number }: PartPlace,
  holder: string,
): Promise<string | undefined> {
  const sql = 'SELECT input FROM transfer_parts WHERE transfer = ? AND job = ? AND number = ? AND holder = ?'
  const [row] = await database.query<{ input: string }>(sql, [transfer, job, number, holder])
  return row?.input
}

/** Of those that are done. */
export async function readOutputs(
  database: Database,
  { transfer, job }: JobPlace,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (numbers.length === 0) return new Map()
  const rows = await database.query<{ number: number; output: string }>(
    `SELECT number, output FROM transfer_parts
     WHERE transfer = ? AND job = ? AND output <> '' AND number IN (${placesOf(numbers)})`,
    [transfer, job, ...numbers],
  )
  return new Map(rows.map(({ number, output }) => [number, output]))
}

/** To be committed by the job's holder, with its hold. */
export function offerParts(
  { transfer, job }: JobPlace,
  parts: readonly { readonly number: number; readonly input: string }[],
): Statement[] {
  const columns = ['transfer', 'job', 'number', 'input', 'holder', 'process', 'until']
  const rows = parts.map(({ number, input }) => [transfer, job, number, input, '', '', 0])
  return insertRows('transfer_parts', columns, rows)
}

const isFree = 'transfer = ? AND job = ? AND number = ? AND until <= ? AND output IS NULL'

export function takePart(
  { transfer, job, number }: PartPlace,
  by: { readonly holder: string; readonly process: string; readonly until: number },
  now: number,
): Statement {
  return {
    sql: `UPDATE transfer_parts SET holder = ?, process = ?, until = ? WHERE ${isFree}`,
    parameters: [by.holder, by.process, by.until, transfer, job, number, now],
    expect: 1,
  }
}

/** By the job's holder, which does it then. */
export function takeBackPart({ transfer, job, number }: PartPlace, now: number): Statement {
  return {
    sql: `DELETE FROM transfer_parts WHERE ${isFree}`,
    parameters: [transfer, job, number, now],
    expect: 1,
  }
}

/** What whoever has taken it says of it; the transaction fails where it is not theirs any more. */
export function changePart(
  { transfer, job, number }: PartPlace,
  holder: string,
  change: { readonly until: number } | { readonly output: string },
): Statement {
  // What is done needs no input any more.
  const [set, value] =
    'output' in change ? ["input = '', output = ?", change.output] : ['until = ?', change.until]
  return {
    sql: `UPDATE transfer_parts SET ${set} WHERE transfer = ? AND job = ? AND number = ? AND holder = ? AND output IS NULL`,
    parameters: [value, transfer, job, number, holder],
    expect: 1,
  }
}

/** Of one whose output the job's holder has, nothing is left. */
export function settleParts({ transfer, job }: JobPlace, numbers: readonly number[]): Statement[] {
  if (numbers.length === 0) return []
  const sql = `DELETE FROM transfer_parts WHERE transfer = ? AND job = ? AND number IN (${placesOf(numbers)})`
  return [{ sql, parameters: [transfer, job, ...numbers] }]
}

/** Whoever has one of them can write nothing more. */
export function closeParts({ transfer, job }: JobPlace): Statement {
  return { sql: 'DELETE FROM transfer_parts WHERE transfer = ? AND job = ?', parameters: [transfer, job] }
}

function placesOf(numbers: readonly number[]): string {
  return numbers.map(() => '?').join(', ')
}
