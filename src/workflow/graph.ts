import type { Schedule, Task, TaskItem, TaskList, TryTask, Workflow } from './definition/types.ts'
import { taskKind } from './definition/task-kind.ts'
import { Drawing, type Graph, type Shape } from './graph/drawing.ts'
import { pointerStep } from './json.ts'
import { catchText, detail, durationText, eventsText, retryText } from './graph/texts.ts'

/**
 * A definition as a Mermaid flowchart: every task with its ways on, jumps backwards, loops, branches and catches.
 * Labels are escaped, so that no name or condition can be taken for Mermaid or HTML.
 * Our own, because the graph of the specification's npm SDK leaves out loops over events, functions and
 * extensions, and needs a newer Node than ours.
 */
export function mermaid(workflow: Workflow): string {
  return draw(workflow).toString()
}

/** The same as data: nodes, each with the task that it stands for, the frames that they are in, and edges. */
export function graph(workflow: Workflow): Graph {
  return draw(workflow).graph
}

function draw(workflow: Workflow): Drawing {
  const drawing = new Drawing()
  const start = drawing.node('circle', 'start')
  const end = drawing.node('circle', 'end')
  drawSchedule(workflow.schedule, start, end, drawing)
  const scope: Scope = { drawing, end, exit: end, catcher: undefined }
  drawing.edge(start, drawList(workflow.do, '/do', scope))
  drawReusable(workflow, scope)
  return drawing.finish()
}

interface Scope {
  readonly drawing: Drawing
  /** Where the workflow ends. */
  readonly end: string
  /** Where the list ends. */
  readonly exit: string
  /** The catch that an error goes to first. */
  readonly catcher: string | undefined
}

function drawSchedule(schedule: Schedule | undefined, start: string, end: string, drawing: Drawing): void {
  if (!schedule) return
  if (schedule.after !== undefined)
    return drawing.edge(end, start, `after ${durationText(schedule.after)}`, 'dashed')
  const text =
    schedule.cron !== undefined
      ? `cron ${schedule.cron}`
      : schedule.every !== undefined
        ? `every ${durationText(schedule.every)}`
        : `on ${eventsText(schedule.on)}`
  drawing.edge(drawing.node('flag', text), start)
}

/** Functions and extensions stand beside the flow: they run wherever something calls or matches them. */
function drawReusable({ use }: Workflow, scope: Scope): void {
  const { drawing } = scope
  for (const [name, task] of Object.entries(use?.functions ?? {})) {
    const pointer = `/use/functions/${pointerStep(name)}`
    drawing.group(`function ${name}`, () => {
      const exit = drawing.node('dot', '')
      drawListed({ list: [{ [name]: task }], pointerOf: () => pointer, scope: { ...scope, exit, end: exit } })
    })
  }
  const extensions = (use?.extensions ?? []).flatMap((item, index) =>
    Object.entries(item).map(([name, extension]) => ({ index, name, extension })),
  )
  for (const { index, name, extension } of extensions) {
    const pointer = `/use/extensions/${index}/${pointerStep(name)}`
    const condition = extension.when === undefined ? '' : ` when ${extension.when}`
    drawing.group(`extension ${name} of ${extension.extend}${condition}`, () => {
      const extended = drawing.node('box', 'the extended task')
      const exit = drawing.node('dot', '')
      if (extension.before)
        drawing.edge(
          drawing.node('dot', ''),
          drawList(extension.before, `${pointer}/before`, { ...scope, exit: extended }),
        )
      drawing.edge(
        extended,
        extension.after ? drawList(extension.after, `${pointer}/after`, { ...scope, exit }) : exit,
      )
    })
  }
}

/** Draws the tasks of the list at a pointer, and gives the node at which it begins. */
function drawList(list: TaskList, pointer: string, scope: Scope): string {
  return drawListed({ list, pointerOf: (step) => pointer + step, scope })
}

interface Listed {
  readonly list: TaskList
  /** Pointer of a task from its steps within the list, `/0/name`. */
  readonly pointerOf: (step: string) => string
  readonly scope: Scope
}

function drawListed({ list, pointerOf, scope }: Listed): string {
  const entries = list.map(() => scope.drawing.reserve())
  const names = new Map(list.map((item, index) => [nameOf(item), index]))
  list.forEach((item, index) => {
    const name = nameOf(item)
    const task = item[name]
    const next = (directive: string | undefined): string => {
      if (directive === 'end') return scope.end
      if (directive === 'exit') return scope.exit
      const target = directive === undefined || directive === 'continue' ? undefined : names.get(directive)
      return entries[target ?? index + 1] ?? scope.exit
    }
    const pointer = pointerOf(`/${index}/${pointerStep(name)}`)
    if (!task) return
    scope.drawing.task(pointer, () =>
      drawGuarded({ name, pointer, task, entry: entries[index] ?? '', next, scope }),
    )
  })
  return entries[0] ?? scope.exit
}

function nameOf(item: TaskItem): string {
  return Object.keys(item)[0] ?? ''
}

/** A task to draw: where it begins, and where each directive leads. */
interface Placed<T extends Task = Task> {
  readonly name: string
  readonly pointer: string
  readonly task: T
  readonly entry: string
  readonly next: (directive: string | undefined) => string
  readonly scope: Scope
}

/** With `if`, the condition comes first; a task that is skipped goes on with the next one. */
function drawGuarded(placed: Placed): void {
  const { task, entry, next, scope } = placed
  if (task.if === undefined) return drawTask(placed)
  const { drawing } = scope
  const inner = drawing.reserve()
  drawing.node('diamond', `if ${task.if}`, entry)
  drawing.edge(entry, inner, 'yes')
  drawing.edge(entry, next('continue'), 'no', 'dashed')
  drawTask({ ...placed, entry: inner })
}

const shapes = {
  call: 'subroutine',
  emit: 'flag',
  listen: 'flag',
  raise: 'hexagon',
  run: 'subroutine',
  set: 'box',
  wait: 'stadium',
} as const satisfies Record<string, Shape>

function drawTask(placed: Placed): void {
  const { name, pointer, task, entry, next, scope } = placed
  const { drawing } = scope
  if ('for' in task) {
    const variables = `${task.for.each ?? 'item'}, ${task.for.at ?? 'index'}`
    const items = typeof task.for.in === 'string' ? task.for.in : `${task.for.in.length} items`
    const condition = task.while === undefined ? '' : ` while ${task.while}`
    return drawLoop(placed, 'for', `for ${variables} in ${items}${condition}`, task.do, '/do')
  }
  if ('listen' in task && task.foreach) {
    return drawLoop(
      placed,
      'listen',
      `for each of ${eventsText(task.listen.to)}`,
      task.foreach.do ?? [],
      '/foreach/do',
    )
  }
  if ('try' in task) return drawTry({ ...placed, task })
  if ('fork' in task) return drawFork(placed, task.fork.branches, task.fork.compete === true)
  if ('do' in task) {
    return drawComposite(placed, 'do', (out) =>
      drawing.edge(entryOf(placed, 'do'), drawList(task.do, `${pointer}/do`, { ...scope, exit: out })),
    )
  }
  if ('switch' in task) return drawSwitch(placed, task.switch)
  const subscribed = 'call' in task ? subscriptionOf(task) : undefined
  if (subscribed) {
    return drawLoop(placed, 'subscription', detail(task), subscribed, '/with/subscription/foreach/do')
  }
  const kind = taskKind(task) as keyof typeof shapes
  drawing.node(shapes[kind], [name, detail(task)], entry)
  if (kind === 'raise') return drawing.edge(entry, scope.catcher ?? drawing.fault(), 'error', 'dashed')
  drawing.edge(entry, next(task.then))
}

/** A frame around a task that has tasks of its own, with one way out. */
function drawComposite(placed: Placed, kind: string, draw: (out: string) => void): void {
  const { name, task, next, scope } = placed
  scope.drawing.group(`${name} (${kind})`, () => {
    const out = scope.drawing.reserve()
    draw(out)
    scope.drawing.node('dot', '', out)
    scope.drawing.edge(out, next(task.then))
  })
}

function entryOf({ entry, scope }: Placed, text: string): string {
  scope.drawing.node('stadium', text, entry)
  return entry
}

/** `place` is where the body stands within the task. */
function drawLoop(placed: Placed, kind: string, text: string, body: TaskList, place: string): void {
  const { entry, pointer, scope } = placed
  drawComposite(placed, kind, (out) => {
    scope.drawing.node('hexagon', text, entry)
    scope.drawing.edge(entry, drawList(body, pointer + place, { ...scope, exit: entry }), 'each')
    scope.drawing.edge(entry, out, 'done')
  })
}

function drawFork(placed: Placed, branches: TaskList, compete: boolean): void {
  const { entry, pointer, scope } = placed
  const { drawing } = scope
  drawComposite(placed, 'fork', (out) => {
    drawing.node('hexagon', compete ? 'race' : 'all at once', entry)
    const joined = drawing.node('hexagon', compete ? 'the first to succeed' : 'all')
    branches.forEach((branch, index) => {
      const pointerOf = () => `${pointer}/fork/branches/${index}/${pointerStep(nameOf(branch))}`
      drawing.edge(entry, drawListed({ list: [branch], pointerOf, scope: { ...scope, exit: joined } }))
    })
    drawing.edge(joined, out)
  })
}

function drawTry(placed: Placed<TryTask>): void {
  const { task, pointer, entry, next, scope } = placed
  const { drawing } = scope
  drawComposite(placed, 'try', (out) => {
    const catcher = drawing.reserve()
    drawing.node('stadium', 'try', entry)
    drawing.edge(entry, drawList(task.try, `${pointer}/try`, { ...scope, exit: out, catcher }))
    drawing.edge(entry, catcher, 'error', 'dashed')
    drawing.node('diamond', catchText(task.catch), catcher)
    if (task.catch.retry !== undefined) drawing.edge(catcher, entry, retryText(task.catch.retry), 'dashed')
    const caught = task.catch.then === undefined ? out : drawing.reserve()
    if (task.catch.then !== undefined) {
      drawing.node('dot', '', caught)
      drawing.edge(caught, next(task.catch.then))
    }
    drawing.edge(
      catcher,
      drawList(task.catch.do ?? [], `${pointer}/catch/do`, { ...scope, exit: caught }),
      'caught',
    )
  })
}

function drawSwitch(
  { name, task, entry, next, scope }: Placed,
  cases: readonly { [name: string]: SwitchCase }[],
): void {
  const { drawing } = scope
  drawing.node('diamond', name, entry)
  for (const [label, { when, then }] of cases.flatMap((item) => Object.entries(item))) {
    drawing.edge(entry, next(then), when === undefined ? label : `${label}: ${when}`)
  }
  const complete = cases.some((item) => Object.values(item).some(({ when }) => when === undefined))
  if (!complete) drawing.edge(entry, next(task.then), 'otherwise', 'dashed')
}

type SwitchCase = { when?: string; then: string }

function subscriptionOf(task: Task): TaskList | undefined {
  if (!('call' in task) || task.call !== 'asyncapi') return undefined
  const { subscription } = task.with as { subscription?: { foreach?: { do?: TaskList } } }
  return subscription?.foreach?.do
}
