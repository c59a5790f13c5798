import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'libsql'

/**
 * Where any of `texts` stands in a folder, whatever the file: as text, in UTF-16, as base64 of it, or in a row of a
 * database. Gives `file: text` of each.
 */
export function findIn(folder: string, texts: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .flatMap((path) => {
      const bytes = readFileSync(path)
      const found = texts.filter((text) => isIn(bytes, text))
      if (bytes.subarray(0, 15).toString() === 'SQLite format 3') found.push(...inRows(path, texts))
      return found.map((text) => `${path}: ${text}`)
    })
}

function isIn(bytes: Buffer, text: string): boolean {
  // The middle of a text, whatever stands before it: base64 takes three bytes at a time.
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from(text.slice(shift))
      .toString('base64')
      .replace(/.{0,4}$/, ''),
  )
  const forms = [Buffer.from(text), Buffer.from(text, 'utf16le'), ...encoded.map((each) => Buffer.from(each))]
  return forms.some((form) => bytes.includes(form))
}

/** What lies in the write-ahead log alone, and blobs, too. */
function inRows(path: string, texts: readonly string[]): string[] {
  const database = new Sqlite(path, { readonly: true })
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as { name: string }[]
    return tables.flatMap(({ name }) => {
      const rows = database.prepare(`SELECT * FROM "${name}"`).raw().all() as unknown[][]
      const cells = rows
        .flat()
        .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : Buffer.from(String(cell))))
      return texts.filter((text) => cells.some((cell) => isIn(cell, text))).map((text) => `${name}: ${text}`)
    })
  } finally {
    database.close()
  }
}
