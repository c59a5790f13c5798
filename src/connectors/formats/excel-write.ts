import { PassThrough } from 'node:stream'
import { isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { FileWriter, Refusal } from './format.ts'

/** A workbook with one sheet; texts stand in their cells, so that nothing is held until the end. */
export function excelWriter(
  sheetName: string,
  declared: readonly string[] | undefined,
  write: (bytes: Uint8Array) => Promise<void>,
): FileWriter {
  let names = declared
  let row = 0
  let opened: Promise<{ sheet: PassThrough; written: Promise<void> }> | undefined

  const open = async () => {
    const { ZipFile } = await import('yazl')
    const zip = new ZipFile()
    // One date in all of them: the same records give the same bytes.
    const options = { mtime: new Date(Date.UTC(1980, 0, 1, 12)) }
    for (const [name, text] of Object.entries(parts(sheetName)))
      zip.addBuffer(Buffer.from(text), name, options)
    const sheet = new PassThrough()
    zip.addReadStream(sheet, 'xl/worksheets/sheet1.xml', options)
    zip.end()
    const written = (async () => {
      for await (const chunk of zip.outputStream as AsyncIterable<Uint8Array>) await write(chunk)
    })()
    written.catch((error: Error) => sheet.destroy(error))
    await put(sheet, `${declaration}<worksheet xmlns="${main}"><sheetData>`)
    return { sheet, written }
  }
  const addRow = (cells: readonly (Json | undefined)[]): string => {
    row += 1
    return `<row r="${row}">${cells.map((value, at) => cell(value, `${columnName(at)}${row}`)).join('')}</row>`
  }
  const begin = async (values: readonly Json[]) => {
    const { sheet } = await (opened ??= open())
    if (names && row > 0) return sheet
    names ??= [...new Set(values.flatMap((value) => (isObject(value) ? Object.keys(value) : [])))]
    if (names.length > 0) await put(sheet, addRow(names))
    return sheet
  }

  return {
    async records(values) {
      const sheet = await begin(values)
      const refused: Refusal[] = []
      let text = ''
      values.forEach((value, index) => {
        const detail = problemOf(value, names ?? [], row)
        if (detail === undefined) text += addRow((names ?? []).map((name) => (value as JsonObject)[name]))
        else refused.push({ index, detail })
      })
      await put(sheet, text)
      return refused
    },
    async end() {
      const sheet = await begin([])
      const { written } = await (opened ??= open())
      sheet.end('</sheetData></worksheet>')
      await written
    },
  }
}

/** ECMA-376: a sheet has so many rows, a cell so many characters. */
const mostRows = 1_048_576
const mostCharacters = 32_767

function problemOf(value: Json, names: readonly string[], row: number): string | undefined {
  if (!isObject(value)) return 'A row of a sheet is an object of columns.'
  if (row >= mostRows) return `A sheet has no more than ${mostRows} rows.`
  for (const [name, member] of Object.entries(value)) {
    if (!names.includes(name))
      return `There is no column ${JSON.stringify(name)}: name all with \`excel.names\`.`
    if (typeof member === 'string' && member.length > mostCharacters) return `${name} is too long for a cell.`
  }
  return undefined
}

function put(stream: PassThrough, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

function cell(value: Json | undefined, reference: string): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return `<c r="${reference}"><v>${value}</v></c>`
  if (typeof value === 'boolean') return `<c r="${reference}" t="b"><v>${value ? 1 : 0}</v></c>`
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `<c r="${reference}" t="inlineStr"><is><t xml:space="preserve">${escape(text)}</t></is></c>`
}

const escape = (text: string) =>
  text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>\r]/g, (it) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[it] ?? '&#13;')

function columnName(at: number): string {
  const letter = String.fromCharCode(65 + (at % 26))
  return at < 26 ? letter : columnName(Math.floor(at / 26) - 1) + letter
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packaged = 'http://schemas.openxmlformats.org/package/2006'

/** Everything of a workbook but its sheet. */
function parts(sheetName: string): { [name: string]: string } {
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  return {
    '[Content_Types].xml': `${declaration}<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${type}.worksheet+xml"/></Types>`,
    '_rels/.rels': `${declaration}<Relationships xmlns="${packaged}/relationships"><Relationship Id="r1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${declaration}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="${escape(sheetName).replaceAll('"', '&quot;')}" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${declaration}<Relationships xmlns="${packaged}/relationships"><Relationship Id="r1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
  }
}
