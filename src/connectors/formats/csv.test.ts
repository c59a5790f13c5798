import { describe, expect, test } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import type { JsonObject } from '../../workflow/index.ts'
import { readText } from '../testing/documents.ts'

const read = (content: string | Uint8Array, csv: JsonObject = {}, more: JsonObject = {}) =>
  readText(content, { format: 'csv', csv, ...more }, { name: 'b.csv' })

describe('Danish columns', () => {
  const columns: JsonObject = {
    Kreditornr: { type: 'text' },
    Beløb: { type: 'decimal', decimal: ',', thousands: '.' },
    Forfaldsdato: { type: 'date', format: 'dd-MM-yyyy' },
    Antal: { type: 'integer', thousands: '.' },
    Sats: { type: 'number', decimal: ',' },
    Aktiv: { type: 'boolean' },
  }
  const csv = { delimiter: ';', columns }
  const header = 'Kreditornr;Beløb;Forfaldsdato;Antal;Sats;Aktiv\r\n'

  test('are what they stand for, with every digit and leading zero', async () => {
    const { records } = await read(`${header}000147;-1.234,50;31-12-2026;1.000;41,5;ja\r\n;;;;;\r\n`, csv)
    expect(records).toEqual([
      {
        Kreditornr: '000147',
        Beløb: '-1234.50',
        Forfaldsdato: '2026-12-31',
        Antal: 1000,
        Sats: 41.5,
        Aktiv: true,
      },
      { Kreditornr: '', Beløb: null, Forfaldsdato: null, Antal: null, Sats: null, Aktiv: null },
    ])
  })

  test.each([
    ['x;1.23,5;31-12-2026;1;1;ja', 'Beløb'],
    ['x;1;31-02-2026;1;1;ja', 'Forfaldsdato'],
    ['x;1;31-12-2026;1,5;1;ja', 'Antal'],
    ['x;1;31-12-2026;1;1.5;ja', 'Sats'],
    ['x;1;31-12-2026;1;1;måske', 'Aktiv'],
  ])('that are not are a bad row, which does not repeat the value: %s', async (row, column) => {
    const { records, bad } = await read(`${header}${row}\r\n1;1;01-01-2026;1;1;nej\r\n`, csv)
    expect(records).toHaveLength(1)
    expect(bad).toHaveLength(1)
    expect(bad[0]?.origin).toBe('b.csv:2')
    expect(bad[0]?.problem.detail).toContain(`b.csv:2: ${column} is not`)
    expect(bad[0]?.raw.trim()).toBe(row)
  })

  test('are read in Windows-1252 and ISO-8859-1 as they are in UTF-8 with its mark', async () => {
    const content = 'Navn;Pris\nÆrø Smørrebrød;5\n'
    const expected = [{ Navn: 'Ærø Smørrebrød', Pris: '5' }]
    const latin = Buffer.from(content, 'latin1')
    for (const encoding of ['windows-1252', 'iso-8859-1']) {
      expect((await read(latin, { delimiter: ';' }, { encoding })).records).toEqual(expected)
    }
    expect((await read(`\ufeff${content}`, { delimiter: ';' })).records).toEqual(expected)
  })
})

test('Windows-1252 has what ISO-8859-1 has not, and not every byte', async () => {
  const content = Buffer.from([0x61, 0x0a, 0x80, 0x93, 0x0a])
  expect((await read(content, {}, { encoding: 'windows-1252' })).records).toEqual([{ a: '€“' }])
  expect((await read(content, {}, { encoding: 'iso-8859-1' })).records).toEqual([{ a: '\u0080\u0093' }])
  const hole = faultOf(read(Buffer.from([0x61, 0x0a, 0x81, 0x0a]), {}, { encoding: 'windows-1252' }))
  expect((await hole).detail).toMatch(/b\.csv.*0x81/)
})

describe('a broken file', () => {
  test.each([
    ['has too many fields in a row', 'a,b\n1,2,3\n4,5\n', 2, /has 3 fields where the header has 2/],
    ['has too few fields in a row', 'a,b\n1\n4,5\n', 2, /has 1 field where/],
    ['has a quote within a field', 'a,b\n1,5" rør\n4,5\n', 2, /quote stands within a field/],
    ['has text after a quote', 'a,b\n"1"x,2\n4,5\n', 2, /Text follows the quote/],
  ])('that %s loses that row alone, with its line', async (_what, content, line, detail) => {
    const { records, bad } = await read(content)
    expect(records).toEqual([{ a: '4', b: '5' }])
    expect(bad.map(({ origin }) => origin)).toEqual([`b.csv:${line}`])
    expect(bad[0]?.problem.detail).toMatch(detail)
  })

  test.each([
    ['has a quote that does not end', 'a,b\n1,"2\n3,4\n', /b\.csv: Line 2: a quote begins/],
    ['is empty', '', /not even a header/],
    ['has two columns of a name', 'a,a\n1,2\n', /two columns named "a"/],
    ['has a column without a name', 'a,,c\n1,2,3\n', /a column without a name/],
  ])('that %s is not read on', async (_what, content, detail) => {
    expect((await faultOf(read(content))).detail).toMatch(detail)
  })

  test('that lacks a declared column says so', async () => {
    const fault = await faultOf(read('a\n1\n', { columns: { beløb: { type: 'number' } } }))
    expect(fault.detail).toMatch(/"beløb" is declared but not there. There are: a/)
  })

  test('of mixed encodings loses the rows that are not UTF-8, not their neighbours', async () => {
    const content = Buffer.concat([
      Buffer.from('navn\nÅse\n'),
      Buffer.from('Søren\n', 'latin1'),
      Buffer.from('Ægir\n'),
    ])
    const { records, bad } = await read(content)
    expect(records).toEqual([{ navn: 'Åse' }, { navn: 'Ægir' }])
    expect(bad.map(({ problem }) => problem.detail)).toEqual(['b.csv:3: The row is not UTF-8.'])
  })
})

test('lines are counted as an editor counts them, whatever is quoted', async () => {
  const { origins } = await read('a\n"x\ny\n"\n\nz\n')
  expect(origins).toEqual(['b.csv:2', 'b.csv:6'])
})

test('a text that is empty and quoted is a text, one that is not is nothing', async () => {
  const columns = { a: { type: 'text', empty: 'null' } }
  expect((await read('a,b\n"",1\n,2\n', { columns })).records).toEqual([
    { a: '', b: '1' },
    { a: null, b: '2' },
  ])
})

test('lines before the header are skipped, names may be given instead of it', async () => {
  expect((await read('Udtræk "2026\n\na,b\n1,2\n', { skipLines: 2 })).records).toEqual([{ a: '1', b: '2' }])
  expect((await read('1,2\n', { header: false, names: ['x', 'y'] })).records).toEqual([{ x: '1', y: '2' }])
  expect((await read('a,b\n1,2\n', { names: ['x', 'y'] })).records).toEqual([{ x: '1', y: '2' }])
})
