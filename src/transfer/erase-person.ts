import type { Statement } from '../database/index.ts'
import { isObject, type Json } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { nothingYet, parseLines, type Block, type Extent } from './dataset/block.ts'
import { forget } from './dataset/forget.ts'
import { decryptBytes, encryptBytes } from './dataset/keys.ts'
import { DatasetReader } from './dataset/reader.ts'
import { DatasetWriter } from './dataset/writer.ts'
import { masked, protectRecord, revealRecord } from './personal.ts'
import { datasetFrom, letterFrom } from './store/read-rows.ts'
import type { DatasetRow, LetterRow } from './store/rows.ts'

export interface ErasedPerson {
  /** Those that held records of the person, by their ids. */
  readonly datasets: readonly string[]
  readonly records: number
  readonly deadLetters: number
  /** Datasets with records of the person that a transfer needs just now: ask again once that has ended. */
  readonly busy: readonly string[]
}

/**
 * Takes a person out of all that transfers have kept. Every record, and every dead letter, in which a member is
 * `value` (such as a CPR number, with or without its hyphen) goes. The dataset is written anew under a new key, and
 * the old key is destroyed: so the person is gone from backups, too, where they have no `keys/`.
 */
export async function erasePerson(
  value: string,
  means: Means,
  namespaces?: readonly string[],
): Promise<ErasedPerson> {
  const person = new Person(value)
  const done = { datasets: [] as string[], records: 0, deadLetters: 0, busy: [] as string[] }
  for (let after = 0; ;) {
    const row = await nextDataset(after, means, namespaces)
    if (!row) return done
    after = row.number
    const { dataset } = row
    const letters = await lettersOf(dataset, person, means)
    const held = await countIn(dataset, person, means)
    const hit = letters.filter(({ erased }) => erased).length
    if (held + hit === 0) continue
    if (await rewrite(dataset, letters, person, means)) {
      done.datasets.push(dataset.id)
      done.records += held
      done.deadLetters += hit
    } else done.busy.push(dataset.id)
  }
}

/** Who is to be found. */
class Person {
  readonly #forms: ReadonlySet<string>

  constructor(value: string) {
    const given = value.trim()
    const [, day, rest] = /^(\d{6})-?(\d{4})$/.exec(given) ?? []
    this.#forms = new Set(day === undefined ? [given] : [`${day}${rest}`, `${day}-${rest}`])
  }

  isIn(value: Json): boolean {
    if (Array.isArray(value)) return value.some((item) => this.isIn(item))
    if (isObject(value)) return Object.values(value).some((item) => this.isIn(item))
    // As a number it has lost the zeros that it begins with.
    if (typeof value === 'number') return [...this.#forms].some((form) => Number(form) === value)
    return typeof value === 'string' && this.#forms.has(value.trim())
  }

  /** In what is no JSON. */
  isInText(text: string): boolean {
    return [...this.#forms].some((form) => text.includes(form))
  }

  hiddenIn(text: string): string {
    return [...this.#forms].reduce((hidden, form) => hidden.replaceAll(form, masked), text)
  }
}

async function nextDataset(
  after: number,
  { store }: Means,
  namespaces: readonly string[] | undefined,
): Promise<{ number: number; dataset: DatasetRow } | undefined> {
  const visible = namespaces
    ? 'AND id IN (SELECT dataset FROM transfers WHERE namespace IN (SELECT value FROM json_each(?)))'
    : ''
  const [row] = await store.database.query(
    `SELECT * FROM datasets WHERE number > ? AND erased_at IS NULL ${visible} ORDER BY number LIMIT 1`,
    [after, ...(namespaces ? [JSON.stringify(namespaces)] : [])],
  )
  return row && { number: Number(row.number), dataset: datasetFrom(row) }
}

interface FoundLetter {
  readonly letter: LetterRow
  readonly text: string
  readonly erased: boolean
}

async function lettersOf(
  dataset: DatasetRow,
  person: Person,
  { store, keys }: Means,
): Promise<FoundLetter[]> {
  const sql = "SELECT * FROM dead_letters WHERE dataset = ? AND body <> '' ORDER BY number"
  const rows = await store.database.query(sql, [dataset.id])
  if (rows.length === 0) return []
  const key = await keys.get(dataset.storage)
  return rows.map(letterFrom).map((letter) => {
    const text = decryptBytes(Buffer.from(letter.body, 'base64'), key).toString('utf8')
    return { letter, text, erased: isInLetter(text, person) }
  })
}

function isInLetter(text: string, person: Person): boolean {
  try {
    return person.isIn(JSON.parse(text) as Json)
  } catch {
    return person.isInText(text)
  }
}

async function countIn(dataset: DatasetRow, person: Person, means: Means): Promise<number> {
  let count = 0
  for await (const { records } of blocksOf(dataset, means)) {
    count += records.filter((record) => person.isIn(record)).length
  }
  return count
}

/** Every block with its records in clear. */
async function* blocksOf(
  { storage, extent, personal }: DatasetRow,
  means: Means,
): AsyncGenerator<{ block: Block; records: readonly Json[] }> {
  const key = await means.keys.get(storage)
  const reader = new DatasetReader(means.storage, storage, key)
  try {
    for (let at = { segment: 0, offset: 0 }; ;) {
      const block = await reader.block(at, extent)
      if (!block) return
      at = block.next
      const records = parseLines(block.lines)
      yield { block, records: personal ? records.map((each) => revealRecord(each, personal, key)) : records }
    }
  } finally {
    await reader.close()
  }
}

/** Whether it was done: not where a transfer needs the dataset as it is. */
async function rewrite(
  dataset: DatasetRow,
  letters: readonly FoundLetter[],
  person: Person,
  means: Means,
): Promise<boolean> {
  const { keys, store } = means
  const storage = `${dataset.id}.${Number(dataset.storage.split('.')[1] ?? 0) + 1}`
  const key = await keys.create(storage)
  try {
    const { extent, written } = await copyWithout(person, dataset, storage, key, means)
    await store.database.commit([
      ...written,
      {
        // Nobody may be in the middle of it: all addresses are others now.
        sql: `UPDATE datasets SET storage = ?, records = ?, bytes = ?, segment = ?, offset = ?
              WHERE id = ? AND coalesce(storage, id) = ? AND erased_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM dead_letters l WHERE l.dataset = datasets.id AND l.status = 'replaying')
                AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.ended_at IS NULL
                  AND (t.dataset = datasets.id OR json_extract(t.plan, '$.from.dataset') = datasets.id))`,
        parameters: [
          storage,
          extent.records,
          extent.bytes,
          extent.segment,
          extent.offset,
          dataset.id,
          dataset.storage,
        ],
        expect: 1,
      },
      ...letters.map((each) => letterAfter(each, person, key, means.now())),
    ])
  } catch (error) {
    await forget(storage, means)
    if ((error as { code?: unknown }).code === 'SLUSE-STORE-CHANGED') return false
    throw error
  }
  await forget(dataset.storage, means)
  return true
}

async function copyWithout(
  person: Person,
  dataset: DatasetRow,
  storage: string,
  key: Uint8Array,
  means: Means,
): Promise<{ extent: Extent; written: readonly Statement[] }> {
  const { personal } = dataset
  const writer = await DatasetWriter.open({
    storage: means.storage,
    name: storage,
    key,
    extent: nothingYet,
  })
  try {
    for await (const { block, records } of blocksOf(dataset, means)) {
      const kept = [...records.keys()].filter((index) => !person.isIn(records[index] as Json))
      if (kept.length === 0) continue
      const lines = kept.map((index) => {
        const record = records[index] as Json
        return `${JSON.stringify(personal ? protectRecord(record, personal, key) : record)}\n`
      })
      const of = kept.map((index) => block.origins.of?.[index] ?? index)
      const origins = { ...block.origins, of }
      await writer.append({ lines: Buffer.from(lines.join('')), count: kept.length, origins })
    }
    const written = await writer.sync()
    return { extent: writer.extent, written }
  } finally {
    await writer.close()
  }
}

/** Under the new key; of the person nothing is left but that there was something. */
function letterAfter(
  { letter, text, erased }: FoundLetter,
  person: Person,
  key: Uint8Array,
  now: number,
): Statement {
  const sealed = encryptBytes(Buffer.from(text), key).toString('base64')
  const problem = JSON.stringify(letter.problem)
  return {
    sql: `UPDATE dead_letters SET body = ?, status = ?, problem = ?, updated_at = ?
          WHERE number = ? AND body = ? AND status = ?`,
    parameters: [
      erased ? '' : sealed,
      erased && letter.status === 'open' ? 'discarded' : letter.status,
      erased ? person.hiddenIn(problem) : problem,
      erased ? now : letter.updatedAt,
      letter.number,
      letter.body,
      letter.status,
    ],
    expect: 1,
  }
}
