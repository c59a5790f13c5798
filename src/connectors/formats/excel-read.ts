import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { fault, type Json, type JsonObject } from '../../workflow/index.ts'
import { dateStyles, serialDate } from './excel-dates.ts'
import type { FileRows, ReadLimits } from './format.ts'
import { openZip, type ZipEntry } from './zip.ts'

export interface ExcelOptions {
  readonly sheet: string | undefined
  readonly header: boolean
  readonly names: readonly string[] | undefined
  readonly skipRows: number
}

/** Most characters of the texts that a workbook's cells share; they are needed all at once. */
const mostShared = 200_000_000

export async function* readExcel(
  file: string,
  options: ExcelOptions,
  limits: ReadLimits,
  signal: AbortSignal,
): FileRows {
  const zip = await openZip(file)
  try {
    const find = (name: string) => zip.entries.find((entry) => entry.name === name)
    const workbook = find('xl/workbook.xml')
    if (!workbook) throw fault('validation', 'It is not an Excel workbook: it has no xl/workbook.xml.')
    const book = await readWorkbook(workbook)
    const sheet =
      options.sheet === undefined ? book.sheets[0] : book.sheets.find(({ name }) => name === options.sheet)
    if (!sheet) {
      const there = book.sheets.map(({ name }) => name).join(', ')
      throw fault('validation', `There is no sheet ${JSON.stringify(options.sheet)}. There are: ${there}.`)
    }
    const targets = await readRelations(find('xl/_rels/workbook.xml.rels'))
    const target = targets.get(sheet.relation) ?? ''
    const path = target.startsWith('/') ? target.slice(1) : `xl/${target}`
    const entry = find(path)
    if (!entry) throw fault('validation', `The workbook lacks the content of its sheet ${sheet.name}.`)
    const shared = await readSharedTexts(find('xl/sharedStrings.xml'))
    const styles = find('xl/styles.xml')
    const dates = styles ? await dateStyles((onTag) => parse(styles, { onTag })) : []
    yield* named(readRows(entry, { shared, dates, epoch1904: book.epoch1904 }, limits, signal), options)
  } finally {
    zip.close()
  }
}

interface Row {
  readonly number: number
  readonly cells: readonly Json[]
  readonly detail: string | undefined
}

async function* named(
  rows: AsyncIterable<Row[]>,
  { header, names: given, skipRows }: ExcelOptions,
): FileRows {
  let names = given
  let toSkip = skipRows
  let headerDue = header
  for await (const some of rows) {
    const records: { value: Json; place: number; detail?: string }[] = []
    for (const { number, cells, detail } of some) {
      if (toSkip > 0) {
        toSkip -= 1
        continue
      }
      if (cells.every((cell) => cell === null || cell === undefined)) continue
      if (headerDue) {
        headerDue = false
        names ??= headerNames(cells, number)
        continue
      }
      names ??= cells.map((_, at) => `column${at + 1}`)
      const beyond = cells.slice(names.length).some((cell) => cell !== null && cell !== undefined)
      const why =
        detail ??
        (beyond ? `The row has more cells than the ${names.length} columns of the header.` : undefined)
      const value: JsonObject = Object.fromEntries(names.map((name, at) => [name, cells[at] ?? null]))
      records.push({ value, place: number, ...(why === undefined ? {} : { detail: why }) })
    }
    if (records.length > 0) yield records
  }
  if (headerDue) throw fault('validation', 'The sheet is empty: not even a header is there.')
}

function headerNames(cells: readonly Json[], row: number): string[] {
  const names = cells.map((cell) => (cell === null || cell === undefined ? '' : String(cell).trim()))
  while (names.at(-1) === '') names.pop()
  const wrong = names.find((name, at) => name === '' || names.indexOf(name) !== at)
  if (wrong !== undefined) {
    const what = wrong === '' ? 'a column without a name' : `two columns named ${JSON.stringify(wrong)}`
    throw fault('validation', `The header, row ${row}, has ${what}: give \`excel.names\`.`)
  }
  return names
}

interface CellContext {
  readonly shared: readonly string[]
  /** Whether the style of this number shows dates. */
  readonly dates: readonly boolean[]
  readonly epoch1904: boolean
}

async function* readRows(
  entry: ZipEntry,
  context: CellContext,
  limits: ReadLimits,
  signal: AbortSignal,
): AsyncGenerator<Row[]> {
  let rows: Row[] = []
  let cells: Json[] = []
  let number = 0
  let detail: string | undefined
  let column = 0
  let type = ''
  let style = 0
  let text = ''
  let takesText = false
  const handlers: Handlers = {
    onTag({ name, attributes }) {
      if (name === 'row') {
        number = Number(attributes.r ?? number + 1)
        cells = []
        column = 0
        detail = undefined
      } else if (name === 'c') {
        column = attributes.r === undefined ? column + 1 : columnOf(attributes.r)
        type = attributes.t ?? 'n'
        style = Number(attributes.s ?? 0)
        text = ''
      } else takesText = name === 'v' || name === 't'
    },
    onText(more) {
      if (takesText) text += more
      if (text.length > limits.maxRecordSize) {
        throw fault(
          'validation',
          `Row ${number}: a cell is larger than the ${limits.maxRecordSize} characters allowed.`,
        )
      }
    },
    onClose(name) {
      if (name === 'v' || name === 't') takesText = false
      else if (name === 'c' && (text !== '' || type === 'inlineStr')) {
        if (type === 'e') detail ??= `The cell in column ${column} holds the error ${text}.`
        if (column > 16_384) throw fault('validation', `Row ${number} has a cell beyond the last column.`)
        while (cells.length < column - 1) cells.push(null)
        cells[column - 1] = cellValue(text, type, style, context)
      } else if (name === 'row') rows.push({ number, cells, detail })
    },
  }
  for await (const _ of pieces(entry, handlers)) {
    signal.throwIfAborted()
    if (rows.length === 0) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}

function cellValue(
  text: string,
  type: string,
  style: number,
  { shared, dates, epoch1904 }: CellContext,
): Json {
  switch (type) {
    case 's':
      return shared[Number(text)] ?? null
    case 'b':
      return text === '1' || text === 'true'
    case 'n': {
      const value = Number(text)
      return dates[style] ? serialDate(value, epoch1904) : value
    }
    default:
      return text
  }
}

/** `AB12` is column 28. */
function columnOf(reference: string): number {
  let column = 0
  for (const character of reference) {
    const code = character.charCodeAt(0) - 64
    if (code < 1 || code > 26) break
    column = column * 26 + code
  }
  return column
}

async function readWorkbook(entry: ZipEntry) {
  const sheets: { name: string; relation: string }[] = []
  let epoch1904 = false
  await parse(entry, {
    onTag({ name, attributes }) {
      if (name === 'sheet') sheets.push({ name: attributes.name ?? '', relation: attributes['r:id'] ?? '' })
      if (name === 'workbookPr') epoch1904 = attributes.date1904 === '1' || attributes.date1904 === 'true'
    },
  })
  return { sheets, epoch1904 }
}

async function readRelations(entry: ZipEntry | undefined): Promise<Map<string, string>> {
  const targets = new Map<string, string>()
  if (!entry) return targets
  await parse(entry, {
    onTag({ name, attributes }) {
      if (name === 'Relationship') targets.set(attributes.Id ?? '', attributes.Target ?? '')
    },
  })
  return targets
}

async function readSharedTexts(entry: ZipEntry | undefined): Promise<string[]> {
  const texts: string[] = []
  if (!entry) return texts
  let text = ''
  let size = 0
  let taken = false
  let phonetic = false
  await parse(entry, {
    onTag({ name }) {
      if (name === 'si') text = ''
      if (name === 'rPh') phonetic = true
      taken = name === 't'
    },
    onText(more) {
      if (!taken || phonetic) return
      text += more
      size += more.length
      if (size > mostShared) throw fault('validation', 'The texts of the workbook are too large to be held.')
    },
    onClose(name) {
      taken = false
      if (name === 'rPh') phonetic = false
      if (name === 'si') texts.push(text)
    },
  })
  return texts
}

interface Tag {
  /** Without its prefix. */
  readonly name: string
  readonly attributes: { readonly [name: string]: string }
}

interface Handlers {
  onTag?(tag: Tag): void
  onText?(text: string): void
  onClose?(name: string): void
}

async function parse(entry: ZipEntry, handlers: Handlers): Promise<void> {
  for await (const _ of pieces(entry, handlers)) continue
}

/** Parses the XML of an entry; yields after every piece of it. */
async function* pieces(entry: ZipEntry, handlers: Handlers): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false })
  let failure: Error | undefined
  const local = (name: string) => name.slice(name.indexOf(':') + 1)
  const guarded =
    <T>(action: ((given: T) => void) | undefined) =>
    (given: T) => {
      try {
        if (!failure) action?.(given)
      } catch (error) {
        failure = error as Error
      }
    }
  parser.on('error', (error) => {
    failure ??= fault('validation', `${entry.name} in the workbook is not valid: ${error.message}.`)
  })
  parser.on('doctype', () => {
    failure ??= fault(
      'validation',
      `${entry.name} in the workbook declares a document type; such XML is not read.`,
    )
  })
  parser.on(
    'opentag',
    guarded<SaxesTagPlain>((tag) => handlers.onTag?.({ name: local(tag.name), attributes: tag.attributes })),
  )
  parser.on(
    'text',
    guarded<string>((text) => handlers.onText?.(text)),
  )
  parser.on(
    'closetag',
    guarded<SaxesTagPlain>((tag) => handlers.onClose?.(local(tag.name))),
  )
  const decoder = new TextDecoder('utf-8')
  for await (const bytes of entry.bytes()) {
    parser.write(decoder.decode(bytes, { stream: true }))
    if (failure) throw failure
    yield
  }
  parser.write(decoder.decode())
  parser.close()
  if (failure) throw failure
  yield
}
