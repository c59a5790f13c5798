import Sqlite from 'libsql'

/** Keys that were seen, on disk: as many as there are, in little memory. */
export interface KeySet {
  /** Which of the keys were not seen before; a key twice in the list is new once. `batch` counts up. */
  add(keys: readonly Uint8Array[], batch: number): boolean[]
  /** Makes durable what was added. */
  save(): void
  close(): void
}

/** How many keys are asked for with one statement. */
const width = 200

/** Opens the set in a file of its own; what was added with a batch after `batch` is forgotten. */
export function openKeySet(file: string, batch: number): KeySet {
  const database = new Sqlite(file)
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'cache_size = -16000']) {
    database.exec(`PRAGMA ${pragma}`)
  }
  database.exec('CREATE TABLE IF NOT EXISTS seen (key blob primary key, batch integer) WITHOUT ROWID')
  database.prepare('DELETE FROM seen WHERE batch > ?').run([batch])
  const statements = new Map<number, Sqlite.Statement>()
  const insert = (count: number) => {
    let statement = statements.get(count)
    if (!statement) {
      const rows = Array(count).fill('(?, ?)').join(', ')
      const sql = `INSERT INTO seen (key, batch) VALUES ${rows} ON CONFLICT DO NOTHING RETURNING key`
      statement = database.prepare(sql)
      // A last batch may be of any size: only the full ones are worth keeping.
      if (count === width) statements.set(count, statement)
    }
    return statement
  }
  let open = false
  return {
    add(keys, at) {
      if (!open) database.exec('BEGIN')
      open = true
      const fresh = new Set<string>()
      for (let from = 0; from < keys.length; from += width) {
        const some = keys.slice(from, from + width)
        const rows = insert(some.length).all(some.flatMap((key) => [Buffer.from(key), at])) as {
          key: Uint8Array
        }[]
        for (const { key } of rows) fresh.add(Buffer.from(key).toString('latin1'))
      }
      return keys.map((key) => fresh.delete(Buffer.from(key).toString('latin1')))
    },
    save() {
      if (open) database.exec('COMMIT')
      open = false
    },
    close() {
      if (open) database.exec('ROLLBACK')
      open = false
      database.close()
    },
  }
}
