import { SluseError } from '../../errors.ts'
import type { FeedItem } from '../../history/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { Workflow } from '../../workflow/definition/index.ts'
import type { RerunRequest } from '../engine.ts'
import type { Pinned } from './definitions.ts'
import type { RunRow } from '../run/run-row.ts'
import type { Records } from './records.ts'
import type { Plan } from './starts.ts'

type Copy = Extract<FeedItem, { type: 'copy' }>

/**
 * A new run that begins where another one was. It is given what the other one had when the task began, and what
 * branches beside the task had come to since; all else it does anew. Throws `SLUSE-RUN-TASK` where the task never
 * began, or where the newest definition does not have it.
 */
export async function planRerun(
  core: Pick<Records, 'records' | 'definitions'>,
  id: string,
  request: RerunRequest,
): Promise<Plan> {
  const { records, definitions } = core
  const row = await records.find(id)
  const original = await definitions.get(row.digest)
  const definition =
    request.definition === 'newest'
      ? await definitions.resolve({ ...row.reference, version: 'latest' })
      : original
  const items = await records.journal(row, await records.sealer(row))
  const first = items.find((item) => item.type === 'start')
  const recorded = first?.type === 'start' ? first.input : {}
  const common = { by: request.by, rerunOf: row }
  const { input = recorded } = request
  if (request.from === undefined) return { definition, spec: { ...common, input } }
  return {
    definition,
    spec: { ...common, input: recorded, ...fromTask(row, items, request, original, definition) },
  }
}

function fromTask(
  row: RunRow,
  items: readonly FeedItem[],
  { from = '', input }: RerunRequest,
  original: Pinned,
  definition: Pinned,
): { copies: Copy[]; override?: { key: string; input: Json } } {
  const at = beginOf(items, from)
  const begin = items[at]
  if (begin?.type !== 'report' || begin.report.kind !== 'task.started') {
    throw new SluseError('SLUSE-RUN-TASK', `(${from} in ${row.id})`)
  }
  const { key } = begin.report
  const rename = original.digest === definition.digest ? (name: string) => name : renamer(definition.workflow)
  const renamed = rename(key)
  if (renamed === undefined)
    throw new SluseError('SLUSE-RUN-TASK', `(${from} is not in the newest definition)`)
  const copies = items.flatMap((item, index) => {
    const copy = copyOf(item)
    if (!copy || (index > at && !isBeside(copy.key, key, original.workflow))) return []
    const name = rename(copy.key)
    return name === undefined ? [] : [{ ...copy, key: name }]
  })
  return { copies, ...(input !== undefined && { override: { key: renamed, input } }) }
}

/** Where the task first began, by its key or else by its JSON pointer. */
function beginOf(items: readonly FeedItem[], from: string): number {
  const began = (test: (place: { key: string; task: string }) => boolean) =>
    items.findIndex(
      (item) => item.type === 'report' && item.report.kind === 'task.started' && test(item.report),
    )
  const byKey = began(({ key }) => key === from)
  return byKey >= 0 ? byKey : began(({ task }) => task === from)
}

function copyOf(item: FeedItem): Copy | undefined {
  switch (item.type) {
    case 'copy':
      return item
    case 'result': {
      const event = item.event === undefined ? {} : { event: item.event }
      return { type: 'copy', at: item.at, key: item.key, value: item.value, ...event }
    }
    case 'fault':
      return { type: 'copy', at: item.at, key: item.key, value: item.problem as Json, problem: true }
    default:
      return undefined
  }
}

/** Whether an effect is of another branch of a fork around the task, or of another pass of a parallel loop. */
function isBeside(effect: string, task: string, workflow: Workflow): boolean {
  const [theirs, ours] = [effect.split('/'), task.split('/')]
  const parting = ours.findIndex((step, index) => theirs[index] !== step)
  if (parting < 0 || parting >= theirs.length) return false
  if (ours[parting - 1] === 'branches' && ours[parting - 2] === 'fork') return true
  const [name, pass] = splitPass(ours[parting] ?? '')
  const [otherName, otherPass] = splitPass(theirs[parting] ?? '')
  if (name !== otherName || pass === '' || otherPass === '') return false
  const loop = taskAt(workflow, ours.slice(1, parting + 1))
  return (loop as { metadata?: { concurrency?: unknown } } | undefined)?.metadata?.concurrency !== undefined
}

/** `perRow[3]` is the pass `[3]` of `perRow`. */
function splitPass(step: string): [string, string] {
  const [, name = step, pass = ''] = /^(.*?)((?:\[\d+\])*)$/.exec(step) ?? []
  return [name, pass]
}

function taskAt(workflow: Workflow, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((at, step) => memberOf(at, splitPass(step)[0]), workflow)
}

function memberOf(at: unknown, step: string): unknown {
  if (typeof at !== 'object' || at === null) return undefined
  return (at as { [name: string]: unknown })[step.replaceAll('~1', '/').replaceAll('~0', '~')]
}

/**
 * Finds a key's place in another definition by the names of its tasks: the index in each list is that of the task of
 * the same name. `undefined` where there is none.
 */
function renamer(workflow: Workflow): (key: string) => string | undefined {
  return (key) => {
    let at: unknown = workflow
    const steps = key.split('/').slice(1)
    const renamed = steps.map((step, index) => {
      const list = Array.isArray(at) ? (at as readonly object[]) : undefined
      const name = list && splitPass(steps[index + 1] ?? '')[0]
      const place =
        name === undefined ? step : String(list?.findIndex((item) => memberOf(item, name) !== undefined))
      const member = memberOf(at, splitPass(place)[0])
      // What follows a task's own name, such as `/event[0]`, is not in the definition.
      at = member
      return place
    })
    return renamed.includes('-1') ? undefined : `/${renamed.join('/')}`
  }
}
