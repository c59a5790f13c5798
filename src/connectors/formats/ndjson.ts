import { fault, type JsonObject } from '../../workflow/index.ts'
import type { Format, ReadLimits, Sink, TextParser, TextWriter } from './format.ts'
import { takeJson } from './take-json.ts'
import { undecodable } from './text.ts'

/** Newline-delimited JSON: a line that is not valid is bad, its neighbours are not. */
export const ndjson: Format = {
  name: 'ndjson',
  about: 'Newline-delimited JSON: one value a line.',
  extensions: ['ndjson', 'jsonl'],
  mediaTypes: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  placeUnit: 'line',
  options: { type: 'object', additionalProperties: false },
  parser: (_options: JsonObject, sink: Sink, limits: ReadLimits): TextParser => {
    let rest = ''
    let line = 0
    /** Looked for once a piece, not once a line. */
    let suspicious = false
    const take = (text: string) => {
      line += 1
      if (text === '' || text === '\r') return
      takeJson(text, line, 'line', sink, limits, suspicious)
    }
    return {
      write(text) {
        const data = rest === '' ? text : rest + text
        suspicious = undecodable(data)
        let at = 0
        for (let end = data.indexOf('\n'); end !== -1; end = data.indexOf('\n', at)) {
          take(data.slice(at, end))
          at = end + 1
        }
        rest = data.slice(at)
        if (rest.length > limits.maxRecordSize) throw tooLong(line + 1, limits)
      },
      end() {
        suspicious = undecodable(rest)
        if (rest !== '') take(rest)
        rest = ''
      },
    }
  },
  textWriter: (): TextWriter => ({
    begin: () => '',
    records: (values) => ({
      text: values.map((value) => `${JSON.stringify(value)}\n`).join(''),
      refused: [],
    }),
    end: () => '',
    state: null,
    resume: () => {},
    appends: true,
  }),
}

export const tooLong = (line: number, limits: ReadLimits) =>
  fault(
    'validation',
    `Line ${line} is longer than the ${limits.maxRecordSize} characters that a record may take. ` +
      'Is it another format, or does a quote not end?',
  )
