import { isObject, type Json, type JsonObject } from '../../json.ts'
import { into, type Place } from './place.ts'
import type { Walk } from './walk.ts'

/**
 * Warns of tasks that nothing leads to (dsl-reference.md, "Flow Directive"), and of directives between the
 * branches of a `fork`, which all begin at once.
 */
export function checkFlow(list: readonly Json[], place: Place, walk: Walk): void {
  const tasks = list.map(namedTask)
  if (tasks.some((task) => task === undefined)) return
  const named = tasks as NamedTask[]
  if (place.pointer.endsWith('/fork/branches')) return checkBranches(named, place, walk)
  const reached = reachable(named)
  named.forEach(({ name }, index) => {
    if (reached.has(index)) return
    const message = `Nothing leads to \`${name}\`: the tasks before it all go elsewhere.`
    const { pointer } = into(into(place, index), name)
    walk.report.warning('SLUSE-DEFINITION-UNREACHABLE', pointer, message, { part: 'key' })
  })
}

interface NamedTask {
  name: string
  task: JsonObject
}

function namedTask(item: Json): NamedTask | undefined {
  if (!isObject(item)) return undefined
  const [name] = Object.keys(item)
  const task = name === undefined ? undefined : item[name]
  return name !== undefined && isObject(task) ? { name, task } : undefined
}

function reachable(tasks: readonly NamedTask[]): Set<number> {
  const indexes = new Map(tasks.map(({ name }, index) => [name, index]))
  const reached = new Set<number>()
  const due = [0]
  for (let index = due.pop(); index !== undefined; index = due.pop()) {
    const at = tasks[index]
    if (!at || reached.has(index)) continue
    reached.add(index)
    for (const directive of directivesOf(at.task)) {
      // A name that does not exist is reported where it stands, and tasks need no second finding for it.
      if (directive !== 'exit' && directive !== 'end')
        due.push((directive === 'continue' ? undefined : indexes.get(directive)) ?? index + 1)
    }
  }
  return reached
}

/** All the ways on from a task. A task that is skipped goes on with the next one. */
function directivesOf(task: JsonObject): string[] {
  const own = text(task.then)
  const skipped = Object.hasOwn(task, 'if') ? ['continue'] : []
  if (Array.isArray(task.switch)) {
    const cases = task.switch.flatMap((item) => (isObject(item) ? Object.values(item) : [])).filter(isObject)
    const complete = cases.some((each) => !Object.hasOwn(each, 'when'))
    return [...skipped, ...cases.map((each) => text(each.then)), ...(complete ? [] : [own])]
  }
  if (Object.hasOwn(task, 'raise')) return skipped
  const caught = isObject(task.catch) && Object.hasOwn(task.catch, 'then') ? [text(task.catch.then)] : []
  return [...skipped, ...caught, own]
}

function text(directive: Json | undefined): string {
  return typeof directive === 'string' ? directive : 'continue'
}

function checkBranches(tasks: readonly NamedTask[], place: Place, walk: Walk): void {
  const names = new Set(tasks.map(({ name }) => name))
  tasks.forEach(({ name, task }, index) => {
    if (typeof task.then !== 'string' || !names.has(task.then)) return
    const { pointer } = into(into(into(place, index), name), 'then')
    const message = `The branches of a fork begin at once: \`${name}\` cannot go on to \`${task.then}\`.`
    const todo = 'Put the tasks that follow one another into one branch, below `do`.'
    walk.report.error('SLUSE-DEFINITION-THEN', pointer, message, { todo })
  })
}
