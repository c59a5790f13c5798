import type { RunStatus } from '../../parts/status.tsx'
import type { Task } from './run-data.ts'

export interface TaskRow {
  readonly task: Task
  readonly name: string
  /** Of the loop that it is in: `[3]`, and `#2` where it came by again. */
  readonly pass: string
  readonly depth: number
  readonly status: RunStatus
  readonly wait: Wait | undefined
}

export interface Wait {
  readonly key: string
  readonly kind: string
  readonly due?: string
  readonly event?: string
}

/** The tasks in the order in which they stand in one another: each task, then all that it did. */
export function taskRows(tasks: readonly Task[], waits: readonly Wait[]): TaskRow[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]))
  const children = new Map<string, Task[]>()
  for (const task of tasks) {
    const parent = parentOf(task.key, byKey) ?? ''
    const siblings = children.get(parent)
    if (siblings) siblings.push(task)
    else children.set(parent, [task])
  }
  const waiting = new Map<string, Wait>()
  for (const wait of waits) {
    const key = byKey.has(wait.key) ? wait.key : parentOf(wait.key, byKey)
    if (key !== undefined) waiting.set(key, wait)
  }
  const rows: TaskRow[] = []
  const add = (parent: string, depth: number) => {
    for (const task of children.get(parent) ?? []) {
      const wait = waiting.get(task.key)
      const status = wait && task.status === 'running' ? 'waiting' : task.status
      rows.push({ task, ...named(task.key, parent), depth, status, wait })
      add(task.key, depth + 1)
    }
  }
  add('', 0)
  return rows
}

/** The nearest task around: its key is the beginning of this one's, perhaps with the pass of a loop after it. */
function parentOf(key: string, known: ReadonlyMap<string, Task>): string | undefined {
  for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) {
    const before = key.slice(0, at)
    if (known.has(before)) return before
    const whole = before.replace(/(?:\[\d+\])+$/, '')
    if (whole !== before && known.has(whole)) return whole
  }
  return undefined
}

function named(key: string, parent: string): { name: string; pass: string } {
  const last = key.slice(key.lastIndexOf('/') + 1)
  const [, name = last, visit = ''] = /^(.*?)(#\d+)?$/s.exec(last) ?? []
  const pass = /^(?:\[\d+\])+/.exec(key.slice(parent.length))?.[0] ?? ''
  return { name: name.replaceAll('~1', '/').replaceAll('~0', '~'), pass: pass + visit }
}

/** What became of the tasks with one pointer: their number and the state that matters the most. */
export interface PointerState {
  readonly status: RunStatus
  readonly count: number
}

const weight: { readonly [status in RunStatus]: number } = {
  running: 7,
  waiting: 6,
  faulted: 5,
  suspended: 4,
  pending: 3,
  completed: 2,
  cancelled: 1,
}

export function statesByPointer(rows: readonly TaskRow[]): ReadonlyMap<string, PointerState> {
  const states = new Map<string, PointerState>()
  for (const { task, status } of rows) {
    const known = states.get(task.task)
    const matters = known && weight[known.status] >= weight[status] ? known.status : status
    states.set(task.task, { status: matters, count: (known?.count ?? 0) + 1 })
  }
  return states
}
