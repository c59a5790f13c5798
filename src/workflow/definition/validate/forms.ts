import { cronFault } from './cron.ts'
import type { Place } from './place.ts'
import type { Report } from './report.ts'
import { capital, described, nameOf } from './words.ts'

/** Judges texts that have a form of their own. */
export function checkForm(
  role: 'uri' | 'duration' | 'cron' | 'timezone',
  value: string,
  place: Place,
  report: Report,
): void {
  switch (role) {
    case 'uri':
      return checkUri(value, place, report)
    case 'duration':
      return checkDuration(value, place, report)
    case 'timezone':
      return checkTimezone(value, place, report)
    case 'cron': {
      const fault = cronFault(value)
      if (fault) report.error('SLUSE-DEFINITION-CRON', place.pointer, fault.message, { todo: fault.todo })
      return
    }
  }
}

const isoDuration =
  /^P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?(T(?=\d)(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?$/

/** dsl-reference.md, "Duration". */
function checkDuration(value: string, place: Place, report: Report): void {
  const match = isoDuration.exec(value)
  if (!match) {
    const message = `${capital(nameOf(place.pointer))} must be a duration, not ${described(value)}.`
    return report.error('SLUSE-DEFINITION-DURATION', place.pointer, message)
  }
  if (match[1] !== undefined || match[2] !== undefined) {
    const message = 'A year counts as 365 days here, and a month as 30: their lengths differ.'
    const todo = 'Write days, if that matters.'
    report.warning('SLUSE-DEFINITION-DURATION', place.pointer, message, { todo })
  }
}

/** dsl-reference.md, "URI Template": simple string expansion of RFC 6570, and no more. */
function checkUri(value: string, place: Place, report: Report): void {
  const refuse = (message: string, todo?: string) => {
    report.error('SLUSE-DEFINITION-URI', place.pointer, message, { todo })
  }
  for (const [whole, name = ''] of value.matchAll(/\{([^{}]*)\}/g)) {
    if (/^[+#./;?&=,!@|]/.test(name)) {
      const todo = 'Write `{name}`, give query parameters as `query`, or build the address in `${ }`.'
      return refuse(`\`{${name[0]}\` is an operator of URI templates that the language does not have.`, todo)
    }
    if (/[*,:]/.test(name))
      return refuse(`\`${whole}\` is more than a name.`, 'Write one `{name}` for each value.')
  }
  const literal = value.replaceAll(/\{[^{}\s]+\}/g, '')
  if (/[{}]/.test(literal))
    return refuse(`The braces in ${described(value)} do not match.`, 'Write `{name}`.')
  const strange = /[<>"\\^`|]|%(?![0-9A-Fa-f]{2})/.exec(literal)
  if (strange) return refuse(`\`${strange[0]}\` cannot stand in a URI.`, 'Write it percent-encoded.')
}

function checkTimezone(value: string, place: Place, report: Report): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
  } catch {
    const message = `"${value}" is not the name of a time zone.`
    const todo = 'Write the name of one, such as Europe/Copenhagen.'
    report.error('SLUSE-DEFINITION-TYPE', place.pointer, message, { todo })
  }
}
