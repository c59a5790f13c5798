import { isObject, type Json, type JsonObject } from '../../json.ts'
import type { TaskKind } from '../task-kind.ts'
import { into, type Place } from './place.ts'
import type { Walk } from './walk.ts'

/** Rules of single task types that their declarations cannot say. */
export function checkTaskRules(kind: TaskKind, task: JsonObject, place: Place, walk: Walk): void {
  switch (kind) {
    case 'call':
      if (typeof task.call === 'string')
        walk.sites.calls.push({ name: task.call, pointer: into(place, 'call').pointer })
      return checkProtocol(task, into(into(place, 'with'), 'protocol'), walk)
    case 'switch':
      return checkSwitch(task.switch, into(place, 'switch'), walk)
    case 'run':
      return checkRun(task.run, into(place, 'run'), hasProtocol(task), walk)
    default:
      return
  }
}

function checkProtocol({ call, with: given }: JsonObject, place: Place, walk: Walk): void {
  if (call !== 'asyncapi' || !isObject(given) || typeof given.protocol !== 'string') return
  walk.feature('protocol', given.protocol, place)
}

/** At most one case has no condition (dsl-reference.md, "Switch Case"). */
function checkSwitch(cases: Json | undefined, place: Place, walk: Walk): void {
  if (!Array.isArray(cases)) return
  let found: string | undefined
  const names = new Set<string>()
  cases.forEach((item, index) => {
    const [name, definition] = isObject(item) ? (Object.entries(item)[0] ?? []) : []
    if (name === undefined || !isObject(definition)) return
    const { pointer } = into(into(place, index), name)
    if (names.has(name)) {
      const message = `There are two cases \`${name}\`.`
      walk.report.warning('SLUSE-DEFINITION-SWITCH', pointer, message, {
        todo: 'Rename one of them.',
        part: 'key',
      })
    }
    names.add(name)
    if (Object.hasOwn(definition, 'when')) return
    if (found !== undefined) {
      const message = `\`${found}\` and \`${name}\` both have no \`when\`: there can be only one default case.`
      walk.report.error('SLUSE-DEFINITION-SWITCH', pointer, message, { part: 'key' })
    }
    found ??= name
  })
}

const languages = ['js', 'javascript', 'python']

/** Those of functions that say how they are spoken to: their runner knows more. */
const functionLanguages = ['js', 'javascript', 'ts', 'typescript', 'wasm']

const hasProtocol = ({ metadata }: JsonObject) => isObject(metadata) && metadata.protocol !== undefined

function checkRun(run: Json | undefined, place: Place, isFunction: boolean, walk: Walk): void {
  if (!isObject(run)) return
  const { script, workflow } = run
  if (isObject(script) && typeof script.language === 'string') {
    const at = into(into(place, 'script'), 'language')
    if (isFunction && functionLanguages.includes(script.language)) return
    if (languages.includes(script.language)) {
      walk.feature('script', script.language === 'python' ? 'python' : 'js', at)
    } else {
      const message = `Scripts in \`${script.language}\` are not supported.`
      const todo = 'Use `js` or `python`, or run another language as a container or a shell command.'
      walk.report.error('SLUSE-DEFINITION-UNSUPPORTED', at.pointer, message, { todo })
    }
  }
  if (isObject(workflow) && !place.conditional) {
    walk.sites.children.push({ child: workflow, pointer: into(place, 'workflow').pointer })
  }
}
