import { chainHash, type Database } from '../../database/index.ts'
import { canonical, type AuditEntry, type AuditRecord } from './entry.ts'

/** Where the chain stood at a time, kept apart from the database. */
export interface Anchor {
  readonly number: number
  readonly hash: string
}

export interface Verification {
  readonly ok: boolean
  /** How many entries were read. */
  readonly entries: number
  /** The last entry: keep it somewhere else, and give it to the next verification as an anchor. */
  readonly head?: Anchor
  /** What is wrong, in the order of the log; at most 100. */
  readonly faults: readonly AuditFault[]
}

export interface AuditFault {
  /** The number of the entry. */
  readonly number: number
  readonly what: string
}

const mostFaults = 100

/**
 * Computes the chain anew and holds it against what is stored, against the head that is kept beside it, and against
 * anchors that were kept elsewhere. Finds a changed, inserted or missing entry, and missing last entries.
 *
 * What it cannot find: somebody who may write the database and computes the whole chain anew from a changed entry on,
 * head included, where no anchor from after that entry was kept elsewhere.
 */
export async function verifyAudit(
  database: Pick<Database, 'query'>,
  anchors: readonly Anchor[] = [],
): Promise<Verification> {
  const chain = new ChainCheck(anchors)
  let known = 0
  for (let after = 0; ;) {
    const rows = await database.query<AuditRow>(
      `SELECT number, hash, at, subject, action, resource, namespace, outcome, entry
       FROM audit WHERE number > ? ORDER BY number LIMIT 500`,
      [after],
    )
    for (const row of rows) {
      chain.add(row.number, row.hash, row.entry)
      const stray = strayColumn(row)
      if (stray) chain.fault(row.number, `Its column ${stray} is not as the entry says.`)
    }
    after = rows.at(-1)?.number ?? after
    if (rows.length === 500) continue
    const [head] = await database.query<{ number: number; hash: string }>(
      'SELECT number, hash FROM audit_head',
    )
    // Others write meanwhile: only what the head told of before these rows were read is missing.
    if (!head || head.number <= after || after < known) return chain.end(head)
    known = head.number
  }
}

/** The same of entries that were exported, from the first on. */
export async function verifyExport(
  records: AsyncIterable<AuditRecord> | Iterable<AuditRecord>,
  anchors: readonly Anchor[] = [],
): Promise<Verification> {
  const chain = new ChainCheck(anchors)
  for await (const { number, hash, ...entry } of records) chain.add(number, hash, canonical(entry))
  return chain.end(undefined)
}

class ChainCheck {
  readonly #anchors: Map<number, string>
  readonly #faults: AuditFault[] = []
  #entries = 0
  #last: Anchor = { number: 0, hash: '' }

  constructor(anchors: readonly Anchor[]) {
    this.#anchors = new Map(anchors.map(({ number, hash }) => [number, hash]))
  }

  add(number: number, hash: string, text: string): void {
    this.#entries++
    const { number: before, hash: previous } = this.#last
    if (number !== before + 1) this.fault(before + 1, missing(before + 1, number - 1))
    else if (chainHash(number, previous, text) !== hash) {
      this.fault(number, 'It was changed, or the entry before it: its hash does not follow.')
    }
    const anchor = this.#anchors.get(number)
    if (anchor !== undefined && anchor !== hash)
      this.fault(number, 'It is not the entry of which the hash was kept elsewhere.')
    this.#last = { number, hash }
  }

  fault(number: number, what: string): void {
    if (this.#faults.length < mostFaults) this.#faults.push({ number, what })
  }

  end(head: Anchor | undefined): Verification {
    const { number, hash } = this.#last
    const kept = [...(head ? [head.number] : []), ...this.#anchors.keys()]
    const furthest = Math.max(0, ...kept)
    if (furthest > number) this.fault(number + 1, missing(number + 1, furthest))
    if (head && head.number === number && head.hash !== hash)
      this.fault(number, 'It is not the entry that was the last one.')
    if (head && head.number < number)
      this.fault(head.number + 1, 'It was not written by Sluse: the log ended before it.')
    return {
      ok: this.#faults.length === 0,
      entries: this.#entries,
      ...(number > 0 && { head: this.#last }),
      faults: this.#faults,
    }
  }
}

function missing(from: number, to: number): string {
  return from === to ? 'It is missing.' : `Entries ${from} to ${to} are missing.`
}

type AuditRow = {
  number: number
  hash: string
  at: number
  subject: string
  action: string
  resource: string
  namespace: string | null
  outcome: string
  entry: string
}

function strayColumn(row: AuditRow): string | undefined {
  let entry: AuditEntry
  try {
    entry = JSON.parse(row.entry) as AuditEntry
  } catch {
    return 'entry'
  }
  const told = { ...entry, at: Date.parse(entry.at), subject: entry.who?.subject }
  const columns = ['at', 'subject', 'action', 'resource', 'namespace', 'outcome'] as const
  return columns.find((name) => (told[name] ?? null) !== row[name])
}
