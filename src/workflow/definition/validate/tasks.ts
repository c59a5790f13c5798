import { isObject, type Json, type JsonObject } from '../../json.ts'
import { builtinFunctionTasks } from '../schema/builtin-functions.ts'
import { callTask } from '../schema/call.ts'
import { taskDeclarations } from '../schema/task-table.ts'
import { declared, type Declaration } from '../schema/vocabulary.ts'
import type { BuiltinFunctionName } from '../types.ts'
import { builtinCalls, taskKinds, type TaskKind } from '../task-kind.ts'
import { checkFlow } from './flow.ts'
import { into, type Place } from './place.ts'
import { checkTaskRules } from './task-rules.ts'
import { checkShape } from './shape.ts'
import type { Walk } from './walk.ts'
import { capital, described, nameOf, nearest, quoted } from './words.ts'

/** Checks a list of tasks: its form, its names, each task by its own type, and how one follows another. */
export function checkTaskList(value: Json, place: Place, walk: Walk): void {
  if (!Array.isArray(value)) {
    const message = `${capital(nameOf(place.pointer))} must be a list of tasks, but is ${described(value)}.`
    const todo = isObject(value) ? 'Begin each task with `- ` and indent what belongs to it.' : undefined
    return walk.report.error('SLUSE-DEFINITION-TASK-LIST', place.pointer, message, { todo })
  }
  if (value.length === 0) {
    const message = `${capital(nameOf(place.pointer))} has no task: it does nothing.`
    const branches = place.pointer.endsWith('/fork/branches')
    const severity = branches ? 'error' : 'warning'
    return walk.report.tell(severity, 'SLUSE-DEFINITION-TASK-LIST', place.pointer, message, { part: 'key' })
  }
  const names = value.map((item) => (isObject(item) ? (Object.keys(item)[0] ?? '') : ''))
  checkNames(names, place, walk)
  const siblings = new Set(names)
  let { conditional } = place
  value.forEach((item, index) => {
    checkItem(item, into(place, index, { siblings, conditional }), walk)
    const task = isObject(item) ? item[names[index] ?? ''] : undefined
    if (isObject(task) && Object.hasOwn(task, 'switch')) conditional = true
  })
  checkFlow(value, place, walk)
}

const reserved = new Set(['continue', 'exit', 'end'])

function checkNames(names: readonly string[], place: Place, walk: Walk): void {
  const seen = new Set<string>()
  names.forEach((name, index) => {
    const { pointer } = into(into(place, index), name)
    if (name !== '' && seen.has(name)) {
      const message = `There are two tasks \`${name}\` in this list.`
      const todo = 'Give each task of a list a name of its own.'
      walk.report.error('SLUSE-DEFINITION-TASK-LIST', pointer, message, { todo, part: 'key' })
    }
    if (reserved.has(name)) {
      const message = `\`${name}\` is a word of the language: no \`then\` can go to a task of that name.`
      walk.report.warning('SLUSE-DEFINITION-TASK-LIST', pointer, message, {
        todo: 'Give it another name.',
        part: 'key',
      })
    }
    seen.add(name)
    walk.sites.tasks.add(name)
  })
}

function checkItem(item: Json, place: Place, walk: Walk): void {
  const refuse = (message: string, todo?: string) => {
    walk.report.error('SLUSE-DEFINITION-TASK-LIST', place.pointer, message, { todo })
  }
  const name = capital(nameOf(place.pointer))
  if (!isObject(item)) {
    return refuse(
      `${name} must be a named task, but is ${described(item)}.`,
      'Write `- name:`, and the task below it.',
    )
  }
  const keys = Object.keys(item)
  const [first, second] = keys
  if (first === undefined) return refuse(`${name} has no task.`, 'Write `- name:`, and the task below it.')
  if (second !== undefined) {
    const unindented = item[first] === null
    const todo = unindented
      ? `Indent ${quoted(keys.slice(1))} further, so that it belongs to \`${first}\`.`
      : 'Make each of them an item of its own, beginning with `- `.'
    return refuse(`${name} must have one key only, the name of the task, but has ${quoted(keys)}.`, todo)
  }
  checkTask(item[first] ?? null, into(place, first), walk)
}

/** Checks one task against the declaration of its own type, and no other. */
export function checkTask(value: Json, place: Place, walk: Walk): void {
  const name = capital(nameOf(place.pointer))
  const refuse = (message: string, todo?: string) => {
    walk.report.error('SLUSE-DEFINITION-TASK', place.pointer, message, { todo, part: 'key' })
  }
  if (!isObject(value)) {
    const kind = taskKinds.find((each) => each === place.pointer.split('/').at(-1))
    const todo =
      kind &&
      `If this is meant to be a \`${kind}\` task, give it a name: \`- name:\`, and \`${kind}\` below it.`
    return refuse(`${name} must be a task, but is ${described(value)}.`, todo)
  }
  const kinds = kindsOf(value)
  const [kind, second] = kinds
  if (kind === undefined) {
    return refuse(
      `${name} is no task: it has ${foundKeys(value)}, and none says what to do.`,
      missingKind(value, place),
    )
  }
  if (second !== undefined) {
    return refuse(
      `${name} is several tasks in one: it has ${quoted(kinds)}.`,
      'Make each of them a task of its own.',
    )
  }
  const here = { ...place, conditional: place.conditional || isConditional(kind, value) }
  const declaration = kind === 'call' ? callDeclaration(value) : taskDeclarations[kind]
  if (!declaration) {
    return checkShape({ type: 'string' }, value.call ?? null, into(place, 'call'), walk)
  }
  walk.feature('task', kind, into(place, kind))
  if (kind === 'call') walk.feature('call', callName(value.call), into(place, kind))
  checkShape(declaration, value, here, walk)
  checkTaskRules(kind, value, here, walk)
}

/** The keys that make it a task. A `for` has a `do` of its own. */
function kindsOf(value: JsonObject): TaskKind[] {
  const kinds = taskKinds.filter((kind) => Object.hasOwn(value, kind))
  return kinds.includes('for') ? kinds.filter((kind) => kind !== 'do') : kinds
}

function foundKeys(value: JsonObject): string {
  const keys = Object.keys(value)
  if (keys.length === 0) return 'no key'
  const shown = keys.length > 6 ? [...keys.slice(0, 5), '…'] : keys
  return `the ${keys.length === 1 ? 'key' : 'keys'} ${quoted(shown)}`
}

function missingKind(value: JsonObject, place: Place): string {
  for (const key of Object.keys(value)) {
    const near = nearest(key, taskKinds)
    if (near !== undefined) return `Did you mean \`${near}\`?`
  }
  if (Object.hasOwn(value, 'catch')) return 'Put the tasks whose errors it catches below `try`.'
  const own = taskKinds.find((kind) => kind === place.pointer.split('/').at(-1))
  if (own)
    return `If this is meant to be a \`${own}\` task, give it a name: \`- name:\`, and \`${own}\` below it.`
  return `Give it exactly one of ${quoted(taskKinds, 'or')}.`
}

function callDeclaration(value: JsonObject): Declaration | undefined {
  const { call } = value
  if (typeof call !== 'string') return undefined
  if (Object.hasOwn(builtinFunctionTasks, call))
    return declared(builtinFunctionTasks[call as BuiltinFunctionName])
  return declared(callTask[builtinCalls.find((name) => name === call) ?? 'function'])
}

/** As `LoadOptions.unsupported` names it. */
function callName(call: Json | undefined): string {
  const ours = typeof call === 'string' && Object.hasOwn(builtinFunctionTasks, call) ? call : undefined
  return ours ?? builtinCalls.find((name) => name === call) ?? 'function'
}

function isConditional(kind: TaskKind, value: JsonObject): boolean {
  return Object.hasOwn(value, 'if') || kind === 'for' || kind === 'listen' || kind === 'try'
}
