import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { insertRows, moveToPostgres, openDatabase } from './index.ts'
import { ask, isMissing, testDatabase, type TestDatabase } from './testing/databases.ts'

describe.skipIf(isMissing('PostgreSQL'))('moving records', () => {
  let from: TestDatabase
  let to: TestDatabase
  let url: string
  beforeEach(async () => {
    from = await testDatabase('SQLite')
    to = await testDatabase('PostgreSQL')
    url = to.options.url ?? ''
  })
  afterEach(async () => {
    await from.remove()
    await to.remove()
  })

  const texts = ['a\tb\\n\nc\r', 'Åse ␀ \\.', '\\N', '', '{"x":"\\u0000"}', '𝔘']
  const fill = async (rows = texts.length) => {
    const database = await from.open()
    const journal = Array.from({ length: rows }, (_, at) => [at + 1, 7, texts[at % texts.length] ?? ''])
    await database.commit([
      ...insertRows('journal', ['seq', 'run', 'data'], journal),
      {
        sql: "INSERT INTO targets (key, per_second, held, changed_at) VALUES ('t', ?, 0, ?)",
        parameters: [0.25, 1.5],
      },
      { sql: "INSERT INTO marks (name, value) VALUES ('journal', ?)", parameters: [50] },
    ])
    await database.close()
  }

  test('takes every row as it is, and numbers go on after those that there were', async () => {
    await fill()
    const { tables, kept } = await moveToPostgres({ folder: from.folder, url })
    expect(tables).toMatchObject({ journal: texts.length, targets: 1 })
    expect(existsSync(kept)).toBe(true)
    const database = await to.open()
    expect(await database.query('SELECT data FROM journal ORDER BY seq')).toEqual(
      texts.map((data) => ({ data })),
    )
    expect(await database.query('SELECT per_second, changed_at FROM targets')).toEqual([
      { per_second: 0.25, changed_at: 2 },
    ])
    await database.commit([{ sql: 'INSERT INTO journal (run, data) VALUES (?, ?)', parameters: [7, 'next'] }])
    expect(await database.query("SELECT seq FROM journal WHERE data = 'next'")).toEqual([{ seq: 51 }])
  })

  test('that is interrupted leaves both as they were, and is done by asking again', async () => {
    await fill(5000)
    const half = moveToPostgres({
      folder: from.folder,
      url,
      progress: () => {
        throw new Error('interrupted')
      },
    })
    await expect(half).rejects.toThrow('interrupted')
    expect(await ask(url, 'SELECT * FROM journal')).toEqual([])
    expect((await moveToPostgres({ folder: from.folder, url })).tables).toMatchObject({ journal: 5000 })
  })

  test('that was all but done is ended by asking again', async () => {
    await fill()
    const { kept } = await moveToPostgres({ folder: from.folder, url })
    const { renameSync } = await import('node:fs')
    renameSync(kept, join(from.folder, 'sluse.db'))
    expect((await moveToPostgres({ folder: from.folder, url })).tables).toMatchObject({
      journal: texts.length,
    })
    await expect(moveToPostgres({ folder: from.folder, url })).rejects.toThrow(/What it held was moved/)
  })

  test('is refused while a server has the folder, and where the database holds anything', async () => {
    await fill()
    const serving = await openDatabase({ folder: from.folder })
    await expect(moveToPostgres({ folder: from.folder, url })).rejects.toMatchObject({
      code: 'SLUSE-STORE-LOCKED',
    })
    await serving.close()
    const other = await to.open()
    await other.commit([{ sql: "INSERT INTO marks (name, value) VALUES ('x', ?)", parameters: [1] }])
    await other.close()
    await expect(moveToPostgres({ folder: from.folder, url })).rejects.toThrow(/not empty: marks/)
  })
})
