import { expect, test } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import type { JsonObject } from '../../workflow/index.ts'
import { readText, writeAll } from '../testing/documents.ts'

const read = (content: string | Uint8Array, xml: JsonObject) =>
  readText(content, { format: 'xml', xml }, { name: 'a.xml' })

test('attributes, texts, repeated and empty elements have one form each', async () => {
  const content = `<kmd><employee id="1000">
    <cpr suppId="0">0101505000</cpr><name>Åse &amp; Øst</name><leaveDate/><unit>3</unit><unit>4</unit>
    <note xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></employee></kmd>`
  const { records, origins } = await read(content, { element: '/kmd/employee', lists: ['leaveDate'] })
  expect(records).toEqual([
    {
      '@id': '1000',
      cpr: { '@suppId': '0', '#text': '0101505000' },
      name: 'Åse & Øst',
      leaveDate: [''],
      unit: ['3', '4'],
      note: null,
    },
  ])
  expect(origins).toEqual(['a.xml:1'])
})

test('a prefix means its namespace, whatever the document calls it', async () => {
  const content = '<m:Box xmlns:m="urn:a" xmlns="urn:b"><m:Item>1</m:Item><Item>2</Item></m:Box>'
  expect((await read(content, { element: 'Item' })).records).toEqual(['1', '2'])
  expect((await read(content, { element: 'x:Item', namespaces: { x: 'urn:a' } })).records).toEqual(['1'])
  expect((await faultOf(read(content, { element: 'y:Item' }))).type).toMatch(/configuration$/)
})

test('it is read in the encoding that it declares', async () => {
  const content = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a><r>Ærø</r></a>', 'latin1')
  expect((await read(content, { element: 'r' })).records).toEqual(['Ærø'])
  const other = Buffer.from('<?xml version="1.0" encoding="EBCDIC"?><a/>')
  expect((await faultOf(read(other, { element: 'r' }))).detail).toMatch(/declares the encoding ebcdic/)
})

test('elements may have any name', async () => {
  const { records } = await read('<a><r><__proto__>1</__proto__><toString>2</toString></r></a>', {
    element: 'r',
  })
  expect(JSON.stringify(records)).toBe('[{"__proto__":"1","toString":"2"}]')
})

test('records become elements, with attributes and lists', async () => {
  const xml = { element: '/Svar/Linje', namespaces: { p: 'urn:p' } }
  const row = {
    '@id': '1 "2"',
    navn: 'A & B',
    tal: [1, 2],
    'p:x': null,
    tekst: { '@lang': 'da', '#text': '<ø>' },
  }
  const { bytes } = await writeAll([[row]], { format: 'xml', xml })
  expect(bytes.toString()).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Svar xmlns:p="urn:p">\n' +
      '<Linje id="1 &quot;2&quot;"><navn>A &amp; B</navn><tal>1</tal><tal>2</tal><p:x/>' +
      '<tekst lang="da">&lt;ø&gt;</tekst></Linje>\n</Svar>\n',
  )
})
