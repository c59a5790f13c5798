import { milliseconds } from '../../durations.ts'
import { isObject, type Json, type JsonObject } from '../../json.ts'
import type { Sites } from './place.ts'
import type { Report } from './report.ts'

/** Rules for the definition as a whole. */
export function checkWhole(definition: JsonObject, sites: Sites, report: Report): void {
  const document = isObject(definition.document) ? definition.document : {}
  checkDsl(document.dsl, report)
  checkEvaluate(definition.evaluate, report)
  checkSchedule(definition.schedule, report)
  checkChildren(document, sites, report)
}

/** 1.0.0 to 1.0.3 and what came before each of them: what the renamed main adds since is accepted, too. */
function checkDsl(dsl: Json | undefined, report: Report): void {
  if (typeof dsl !== 'string' || !/^\d+\.\d+\.\d+/.test(dsl) || /^1\.0\.[0-3](?:[-+]|$)/.test(dsl)) return
  const older = /^0\./.test(dsl)
  const message = `The definition is written for DSL ${dsl}; DSL 1.0.0 to 1.0.3 is supported.`
  const todo = older
    ? 'Write it anew for DSL 1.0.3: 0.x was another language.'
    : 'Write `dsl: 1.0.3`, if it uses nothing newer, or install a newer Sluse.'
  report.error('SLUSE-DEFINITION-DSL', '/document/dsl', message, { todo })
}

function checkEvaluate(evaluate: Json | undefined, report: Report): void {
  if (!isObject(evaluate) || typeof evaluate.language !== 'string' || evaluate.language === 'jq') return
  const message = `Expressions in \`${evaluate.language}\` are not supported.`
  const todo = 'Write expressions in jq, and leave `language` out.'
  report.error('SLUSE-DEFINITION-UNSUPPORTED', '/evaluate/language', message, { todo })
}

function checkSchedule(schedule: Json | undefined, report: Report): void {
  if (!isObject(schedule)) return
  for (const kind of ['every', 'after']) {
    const duration = schedule[kind]
    if (duration === undefined || milliseconds(duration) !== 0) continue
    const message = `\`${kind}\` must be longer than nothing: it would run without end.`
    report.error('SLUSE-DEFINITION-DURATION', `/schedule/${kind}`, message)
  }
}

/** A workflow that runs itself under no condition never ends. Which task runs first is not looked at. */
function checkChildren(document: JsonObject, sites: Sites, report: Report): void {
  for (const { child, pointer } of sites.children) {
    const same = child.namespace === document.namespace && child.name === document.name
    if (!same || (child.version !== 'latest' && child.version !== document.version)) continue
    const message = 'The workflow runs itself, and nothing here decides when that ends.'
    report.warning('SLUSE-DEFINITION-RECURSION', pointer, message, { part: 'key' })
  }
}
