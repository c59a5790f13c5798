import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import yazl from 'yazl'
import { faultOf } from '../../http/testing/index.ts'
import type { JsonObject } from '../../workflow/index.ts'
import { readAll, readText } from '../testing/documents.ts'

const megabyte = 1_000_000

/** As many megabytes of one letter, after a beginning. */
function* endless(beginning: string, megabytes: number) {
  yield Buffer.from(beginning)
  const piece = Buffer.alloc(megabyte, 'a')
  for (let at = 0; at < megabytes; at += 1) yield piece
}

describe('a line of a gigabyte', () => {
  test.each<[string, JsonObject, string]>([
    ['csv', {}, 'a,b\n1,'],
    ['csv', {}, 'a,b\n1,"'],
    ['ndjson', {}, '{"a":"'],
    ['json', {}, '[{"a":1},{"a":"'],
    ['json', {}, '{"a":"'],
    ['xml', { xml: { element: 'r' } }, '<x><r>'],
    ['xml', { xml: { element: 'r' } }, '<x>'],
    ['xml', { xml: { element: 'r' } }, '<x><!--'],
    ['xml', { xml: { element: 'r' } }, '<x><r a="'],
  ])('of %s %j after %s is an error before it is in memory', async (format, options, beginning) => {
    let given = 0
    const counted = function* () {
      for (const piece of endless(beginning, 1000)) {
        given += piece.length
        yield piece
      }
    }
    const fault = await faultOf(readAll(counted(), { format, ...options }))
    expect(fault.detail).toMatch(/16000000 characters that a record may take/)
    expect(given).toBeLessThan(20 * megabyte)
  })
})

describe('gzip', () => {
  const packed = gzipSync('a,b\n1,2\n'.repeat(10_000))
  const options = { format: 'csv', compression: 'gzip' }

  test.each([1, 20, packed.length - 1])(
    'that ends after %i bytes is an error, not an end',
    async (length) => {
      const fault = await faultOf(readText(packed.subarray(0, length), options))
      expect(fault.detail).toMatch(/data: The gzip ends in the middle/)
    },
  )

  test('that is none is an error', async () => {
    expect((await faultOf(readText('a,b\n1,2\n', options))).detail).toMatch(/not valid gzip/)
  })

  test('whose bytes were changed is an error', async () => {
    const changed = Buffer.from(packed)
    changed.fill(0x55, packed.length - 12, packed.length - 4)
    expect((await faultOf(readText(changed, options))).detail).toMatch(/not valid gzip|ends in the middle/)
  })

  test('that unfolds without measure is not read on', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * megabyte, '\n'))
    expect((await faultOf(readText(bomb, options))).detail).toMatch(/more than 500 times its size/)
  })
})

describe('zip', () => {
  const zipOf = async (files: { [name: string]: Buffer }): Promise<Buffer> => {
    const zip = new yazl.ZipFile()
    for (const [name, content] of Object.entries(files)) zip.addBuffer(content, name)
    zip.end()
    const pieces: Buffer[] = []
    for await (const piece of zip.outputStream as AsyncIterable<Buffer>) pieces.push(piece)
    return Buffer.concat(pieces)
  }
  const read = (content: Uint8Array, more: JsonObject = {}, skip = 0) =>
    readText(content, more, { name: 'week.zip', skip })

  test('gives the records of all its files, in order, and goes on within any', async () => {
    const content = await zipOf({ 'a.csv': Buffer.from('x\n1\n2\n'), 'b.csv': Buffer.from('x\n3\n') })
    const whole = await read(content)
    expect(whole.records).toEqual([{ x: '1' }, { x: '2' }, { x: '3' }])
    expect(whole.origins).toEqual(['week.zip/a.csv:2', 'week.zip/a.csv:3', 'week.zip/b.csv:2'])
    for (let skip = 0; skip <= 3; skip += 1) {
      expect((await read(content, {}, skip)).records).toEqual(whole.records.slice(skip))
    }
    expect((await read(content, { entry: 'b.*' })).records).toEqual([{ x: '3' }])
    expect((await faultOf(read(content, { entry: '*.xml' }))).detail).toMatch(/It holds: a.csv, b.csv/)
  })

  test('that unfolds without measure is not read on, neither as a workbook', async () => {
    const lines = Buffer.alloc(50 * megabyte, '\n')
    expect((await faultOf(read(await zipOf({ 'a.csv': lines })))).detail).toMatch(
      /more than 500 times its size/,
    )
    const sheet = Buffer.concat([
      Buffer.from('<workbook>'),
      Buffer.alloc(50 * megabyte, ' '),
      Buffer.from('</workbook>'),
    ])
    const book = readText(await zipOf({ 'xl/workbook.xml': sheet }), { format: 'excel' })
    expect((await faultOf(book)).detail).toMatch(/more than 500 times its size/)
  })

  test('that is none, or cut, or names a file out of its folder, is an error', async () => {
    const content = await zipOf({ 'a.csv': Buffer.from('x\n1\n') })
    expect((await faultOf(read(Buffer.from('x\n1\n')))).detail).toMatch(/not a valid zip/)
    expect((await faultOf(read(content.subarray(0, 40)))).detail).toMatch(/not a valid zip/)
    const outside = Buffer.from(content.toString('latin1').replaceAll('a.csv', '../ev'), 'latin1')
    expect((await faultOf(read(outside))).detail).toMatch(/not a valid zip/)
  })
})

describe('XML', () => {
  const read = (content: string | Uint8Array, more: JsonObject = {}) =>
    readText(content, { format: 'xml', xml: { element: '/a/r', ...more } }, { name: 'a.xml' })

  test('with a bomb of entities is refused before anything unfolds', async () => {
    const entities = Array.from(
      { length: 20 },
      (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`,
    ).join('')
    const bomb = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "lol">${entities}]><a><r>&e20;</r></a>`
    expect((await faultOf(read(bomb))).detail).toMatch(/declares a document type/)
  })

  test('with an entity from a file or another server is refused', async () => {
    const content = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><r>&x;</r></a>'
    expect((await faultOf(read(content))).detail).toMatch(/declares a document type/)
    expect((await faultOf(read('<a><r>&x;</r></a>'))).detail).toMatch(/not well-formed/)
  })

  test('that nests without end is refused', async () => {
    expect((await faultOf(read(`<a><r>${'<x>'.repeat(5000)}`))).detail).toMatch(/nests deeper than 200/)
  })

  test('that ends in the middle, or is not well-formed, is an error with its line', async () => {
    expect((await faultOf(read('<a>\n<r>1</r>\n<r>'))).detail).toMatch(/a\.xml: It is not well-formed/)
    expect((await faultOf(read('<a>\n<r>1</q>\n</a>'))).detail).toMatch(/line 2:/)
    expect((await faultOf(read(''))).detail).toMatch(/empty/)
    expect((await faultOf(read('<b><r>1</r></b>'))).detail).toMatch(/The root is <b>, not <a>/)
  })
})

test('JSON that nests without end is a bad record', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const lines = await readText(`{"a":1}\n${deep}\n{"a":2}\n`, { format: 'ndjson' })
  expect([lines.records.length, lines.bad.length]).toEqual([2, 1])
  const items = await readText(`[1,${deep},2]`, { format: 'json' })
  expect([items.records, items.bad.length]).toEqual([[1, 2], 1])
})

describe('JSON', () => {
  const read = (content: string, path = '') =>
    readText(content, { format: 'json', json: { path } }, { name: 'a.json' })

  test.each([
    ['ends in the middle', '[{"a":1},{"a"', /in the middle/],
    ['is empty', '', /empty/],
    ['is no list', '{"a":1}', /no list at the top/],
    ['has text after its end', '[1] x', /stands outside/],
    ['has a comma too many', '[1,,2]', /comma too many/],
    ['closes another bracket', '[1}', /ends with }/],
  ])('that %s is an error', async (_what, content, detail) => {
    expect((await faultOf(read(content))).detail).toMatch(detail)
  })

  test('with an item that is not valid loses that item alone', async () => {
    const { records, bad } = await read('[1, {"a": nope}, {"a":2}]')
    expect(records).toEqual([1, { a: 2 }])
    expect(bad[0]?.origin).toBe('a.json, item 2')
  })

  test('finds the list at its path, past others of the same name', async () => {
    const content = '{"x":{"items":[1]},"data":{"s":"]\\"","other":{"items":[2]},"items":[3,4]},"items":[5]}'
    expect((await read(content, '/data/items')).records).toEqual([3, 4])
    expect((await faultOf(read(content, '/data/none'))).detail).toMatch(/no list at \/data\/none/)
  })

  test('takes a member named __proto__ for data', async () => {
    const { records } = await read('[{"__proto__":{"x":1}}]')
    expect(JSON.stringify(records)).toBe('[{"__proto__":{"x":1}}]')
  })
})
