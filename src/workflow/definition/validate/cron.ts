/** What is wrong with a cron expression of five fields, or `undefined`. Pure: it knows no clock. */
export function cronFault(expression: string): { message: string; todo?: string } | undefined {
  if (expression.length > 500) return { message: 'The cron expression is longer than 500 characters.' }
  const parts = expression.trim().split(/\s+/)
  if (expression.trim().startsWith('@')) {
    const shorthand = shorthands[expression.trim().toLowerCase()]
    return {
      message: `\`${expression.trim()}\` is not a cron expression of the language.`,
      ...(shorthand === undefined ? {} : { todo: `Write '${shorthand}'.` }),
    }
  }
  if (parts.length !== fields.length) {
    return {
      message: `A cron expression has five fields, but this has ${parts.length}: "${expression}".`,
      todo: 'Write minute, hour, day of month, month, day of week; there are no seconds and no years.',
    }
  }
  const values: Set<number>[] = []
  for (const [index, field] of fields.entries()) {
    const read = readField(parts[index] ?? '', field)
    if (typeof read === 'string')
      return { message: `The ${field.name} field "${parts[index]}" is not valid: ${read}.` }
    values.push(read)
  }
  return neverFault(parts, values)
}

const shorthands: { readonly [name: string]: string } = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

interface Field {
  name: string
  from: number
  to: number
  /** Names for the values, from `from` on. */
  words?: readonly string[]
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of week', from: 0, to: 7, words: days },
]

/** The values that a field allows, or what is wrong with it. */
function readField(text: string, field: Field): Set<number> | string {
  const values = new Set<number>()
  for (const item of text.split(',')) {
    const match = /^(?:(\*)|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:\/(\d+))?$/.exec(item)
    if (!match) return `"${item}" is neither *, a value, a range nor a step`
    const [, star, first, last, step] = match
    const from = star ? field.from : valueOf(first ?? '', field)
    const to = star
      ? field.to
      : last === undefined
        ? step === undefined
          ? from
          : field.to
        : valueOf(last, field)
    if (from === undefined || to === undefined) {
      return `"${item}" is not between ${field.from} and ${field.to}`
    }
    if (from > to) return `"${item}" goes backwards`
    const by = step === undefined ? 1 : Number(step)
    if (by < 1 || by > field.to) return `the step of "${item}" is not between 1 and ${field.to}`
    if (step !== undefined && !star && last === undefined)
      return `write "${first}-${field.to}/${step}" for "${item}"`
    for (let value = from; value <= to; value += by) values.add(value)
  }
  return values
}

function valueOf(text: string, field: Field): number | undefined {
  const word = field.words?.indexOf(text.toUpperCase()) ?? -1
  const value = word >= 0 ? word + field.from : /^\d{1,2}$/.test(text) ? Number(text) : undefined
  return value !== undefined && value >= field.from && value <= field.to ? value : undefined
}

const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** A day that none of the months has never comes, unless a day of the week is given, which is an alternative. */
function neverFault(
  parts: readonly string[],
  values: readonly Set<number>[],
): { message: string } | undefined {
  const [, , days, chosenMonths] = values
  if (!days || !chosenMonths || parts[4] !== '*') return undefined
  const earliest = Math.min(...days)
  if ([...chosenMonths].some((month) => earliest <= (longest[month - 1] ?? 31))) return undefined
  return { message: `This never comes: no chosen month has a day ${earliest}.` }
}
