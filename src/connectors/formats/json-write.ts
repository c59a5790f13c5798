import type { TextWriter } from './format.ts'

/** A list, within the members that lead to it: `/data/items` gives `{"data":{"items":[...]}}`. */
export function jsonWriter(names: readonly string[]): TextWriter {
  let any = false
  return {
    begin: () => `${names.map((name) => `{${JSON.stringify(name)}:`).join('')}[`,
    records(values) {
      const text = values
        .map((value, index) => (any || index > 0 ? ',\n' : '\n') + JSON.stringify(value))
        .join('')
      any ||= values.length > 0
      return { text, refused: [] }
    },
    end: () => `\n]${'}'.repeat(names.length)}\n`,
    get state() {
      return any
    },
    resume(state) {
      any = state === true
    },
    appends: false,
  }
}
