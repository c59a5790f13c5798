import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { cut, readAll, readText, writeAll } from '../testing/documents.ts'

const people: JsonObject[] = [
  { nr: '000147', navn: 'Ærø Smørrebrød; A/S', beløb: '-1.234,50' },
  { nr: '2', navn: 'Åse "Ø"\nØst', beløb: '' },
  { nr: '3', navn: '漢字 🐟', beløb: '0' },
]

const documents: { [name: string]: JsonObject } = {
  csv: { format: 'csv' },
  'csv in UTF-16': { format: 'csv', encoding: 'utf-16le' },
  'csv with semicolons, packed': { format: 'csv', csv: { delimiter: ';' }, compression: 'gzip' },
  json: { format: 'json' },
  'json at a path': { format: 'json', json: { path: '/data/the.items*' } },
  ndjson: { format: 'ndjson' },
  xml: { format: 'xml', xml: { element: '/people/person' } },
  excel: { format: 'excel' },
  parquet: { format: 'parquet' },
}

describe.each(Object.entries(documents))('%s', (_name, options) => {
  test('holds the same records when it is written and read', async () => {
    const { bytes } = await writeAll([people.slice(0, 2), people.slice(2)], options)
    const { records, bad } = await readText(bytes, options)
    expect(bad).toEqual([])
    expect(records).toEqual(people)
  })

  test('gives the same records and places wherever its bytes are cut', async () => {
    const { bytes } = await writeAll([people], options)
    const whole = await readText(bytes, options)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 8 }), async (places) => {
        expect(await readAll(cut(bytes, places), options)).toEqual(whole)
      }),
      { numRuns: 60 },
    )
    const single = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(await readAll(single, options)).toEqual(whole)
  })

  test('goes on after any record', async () => {
    const { bytes } = await writeAll([people], options)
    const whole = await readText(bytes, options)
    for (let skip = 0; skip <= people.length; skip += 1) {
      const rest = await readText(bytes, options, { skip, batchSize: 2 })
      expect(rest.records).toEqual(people.slice(skip))
      expect(rest.origins).toEqual(whole.origins.slice(skip))
    }
  })

  test('may be without any record', async () => {
    const { bytes } = await writeAll([], { ...options, csv: { names: ['a'] }, excel: { names: ['a'] } })
    expect(await readText(bytes, options)).toEqual({ records: [], origins: [], bad: [] })
  })
})

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((it) => it.replace(/\p{Surrogate}/gu, ''))
const oddText = fc.string({
  unit: fc.constantFrom('"', ';', ',', '\n', '\r', 'a', ' ', 'ø', '\ufffd', '\ufeff'),
})

test.each([{ format: 'csv' }, { format: 'csv', csv: { delimiter: ';', quote: "'", lineEnd: 'crlf' } }])(
  'CSV keeps any text: %j',
  async (options: JsonObject) => {
    const row = fc.record({ a: fc.oneof(text, oddText), b: fc.oneof(text, oddText) })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const { bytes } = await writeAll([rows], options)
        expect((await readText(bytes, options)).records).toEqual(rows)
      }),
      { numRuns: 300 },
    )
  },
)

test('CSV is read as a well-known parser reads it', async () => {
  const { parse } = await import('csv-parse/sync')
  const cell = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', 'a', ' ') })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 4 }), async (rows) => {
      const quoted = rows.map((row) => row.map((it) => `"${it.replaceAll('"', '""')}"`).join(','))
      const content = ['x,y', ...quoted].join('\r\n')
      const theirs: Json = parse(content, { columns: true, record_delimiter: '\r\n' })
      expect((await readText(content, { format: 'csv' })).records).toEqual(theirs)
    }),
    { numRuns: 200 },
  )
})

const json = fc.jsonValue({ maxDepth: 4 }).map((it) => JSON.parse(JSON.stringify(it)) as Json)

test.each([{ format: 'json' }, { format: 'json', json: { path: '/a/b' } }, { format: 'ndjson' }])(
  'JSON keeps any value, wherever it is cut: %j',
  async (options: JsonObject) => {
    await fc.assert(
      fc.asyncProperty(fc.array(json), fc.array(fc.nat()), async (values, places) => {
        const { bytes } = await writeAll([values], options)
        expect((await readAll(cut(bytes, places), options)).records).toEqual(values)
      }),
      { numRuns: 200 },
    )
  },
)

test('Excel and Parquet keep numbers, truth values and nothing', async () => {
  const rows = [
    { n: 1.5, b: true, t: 'x', none: null },
    { n: -2, b: false, t: null, none: null },
  ]
  for (const format of ['excel', 'parquet']) {
    const { bytes } = await writeAll([rows], { format })
    expect((await readText(bytes, { format })).records).toEqual(rows)
  }
})

test('a writer refuses what its format cannot hold, and writes the rest', async () => {
  const rows = [{ a: 'x' }, { b: 'y' }, 7, { a: 'z' }]
  for (const format of ['csv', 'excel', 'parquet']) {
    const own = { csv: { names: ['a'] }, excel: { names: ['a'] }, parquet: { types: { a: 'STRING' } } }
    const { bytes, refused } = await writeAll([rows], { format, ...own })
    expect(refused, format).toHaveLength(2)
    expect(refused[0]).toMatch(/no column "b"/)
    expect((await readText(bytes, { format })).records).toEqual([{ a: 'x' }, { a: 'z' }])
  }
  const xml = { format: 'xml', xml: { element: 'a' } }
  const written = await writeAll([[{ 'no name': 1 }, { ok: 'bad\u0000' }, { ok: '1' }]], xml)
  expect(written.refused).toHaveLength(2)
  expect((await readText(written.bytes, xml)).records).toEqual([{ ok: '1' }])
})

test('a record that its encoding cannot hold is refused alone', async () => {
  const options = { format: 'csv', encoding: 'windows-1252' }
  const { bytes, refused } = await writeAll([[{ a: 'Rødgrød €' }, { a: '漢' }, { a: '“ok”' }]], options)
  expect(refused).toEqual(['windows-1252 has no "漢".'])
  expect((await readText(bytes, options)).records).toEqual([{ a: 'Rødgrød €' }, { a: '“ok”' }])
})
