import type { Connections, TargetMode } from '../connectors/index.ts'
import { fault, invalid, isObject, milliseconds, type Json, type JsonObject } from '../workflow/index.ts'
import type { TransferArguments } from '../workflow/definition/index.ts'
import type { PersonalData } from './personal.ts'
import { isPure, programOf } from './steps/pure.ts'
import type { Step } from './steps/step.ts'

/** What a transfer is to do, checked. Plain data: it is kept with the transfer. Times in milliseconds. */
export interface Plan {
  readonly from: PlannedSource
  readonly steps: readonly Step[]
  readonly to: readonly PlannedTarget[]
  readonly concurrency: number
  readonly order: 'kept' | 'any'
  readonly batchSize: number
  readonly onBadRecord: 'deadLetter' | 'fail' | 'skip'
  readonly mostBadRecords: number
  /** What must hold of the whole of what was read. */
  readonly expect?: {
    readonly atLeast: number
    /** Per cent of the number of the last transfer. */
    readonly changeAtMost?: number
    /** Whether every target waits for the end of the source; else only one that is replaced. */
    readonly first: boolean
  }
  readonly personal?: PersonalData
  readonly giveUpAfter: number
  readonly keep: number
}

export type PlannedSource =
  | { readonly kind: 'connection'; readonly connection: string; readonly options: JsonObject }
  | { readonly kind: 'dataset'; readonly dataset: string }
  /** Dead letters that are replayed: all of them were refused by this target, or at this step before the targets. */
  | { readonly kind: 'letters'; readonly target?: number }

export interface PlannedTarget {
  readonly name: string
  readonly connection: string
  readonly mode: TargetMode
  readonly key: readonly string[]
  readonly options: JsonObject
  readonly steps: readonly Step[]
}

const day = 86_400_000

/**
 * The arguments of `transfer:1.0.0@default` as a plan: what its definition's schema cannot say is checked here,
 * against the connections. Throws a `configuration` fault that says what is wrong and where.
 */
export function planOf(given: Json, connections: Connections): Plan {
  const args = (isObject(given) ? given : {}) as unknown as TransferArguments
  const wrong = (place: string, message: string) => fault('configuration', `${place}: ${message}`)
  const { from, through = [], to, expect } = args
  if (!isObject(from) || !Array.isArray(to) || to.length === 0) {
    throw wrong('with', 'A transfer has `from` and `to`.')
  }
  const targets = to.map((target, index) => targetOf(target as JsonObject, `to[${index}]`, connections))
  for (const [index, { name }] of targets.entries()) {
    if (targets.findIndex((other) => other.name === name) === index) continue
    throw wrong(`to[${index}]`, `There are two targets called ${name}: give one another \`name\`.`)
  }
  const replaces = targets.some(({ mode }) => mode === 'replace')
  const atLeast = numberOf(expect?.atLeast, 'expect.atLeast') ?? (replaces ? 1 : 0)
  const changeAtMost = numberOf(expect?.changeAtMost, 'expect.changeAtMost')
  const personal = args.personalData as { encrypt?: string[]; mask?: string[] } | undefined
  return {
    from: sourceOf(from, connections),
    steps: stepsOf(through, 'through'),
    to: targets,
    concurrency: numberOf(args.concurrency, 'concurrency') ?? 1,
    order: args.order ?? 'kept',
    batchSize: numberOf(args.batchSize, 'batchSize') ?? 1000,
    onBadRecord: args.onBadRecord ?? 'deadLetter',
    mostBadRecords: numberOf(args.mostBadRecords, 'mostBadRecords') ?? 10_000,
    ...((expect !== undefined || atLeast > 0) && {
      expect: { atLeast, first: expect !== undefined, ...(changeAtMost !== undefined && { changeAtMost }) },
    }),
    ...(personal && { personal: { encrypt: personal.encrypt ?? [], mask: personal.mask ?? [] } }),
    giveUpAfter: timeOf(args.giveUpAfter, 'giveUpAfter') ?? day,
    keep: timeOf(args.keep, 'keep') ?? 30 * day,
  }
}

const datasetUri = /^sluse:dataset\/([A-Za-z0-9_-]{1,64})$/

export function uriOf(dataset: string): string {
  return `sluse:dataset/${dataset}`
}

export function isDatasetUri(value: Json): boolean {
  return typeof value === 'string' && datasetUri.test(value)
}

function sourceOf({ connection, dataset, ...options }: JsonObject, connections: Connections): PlannedSource {
  if ((connection === undefined) === (dataset === undefined)) {
    throw fault('configuration', 'from: It has a `connection` or a `dataset`, and not both.')
  }
  if (dataset !== undefined) {
    const id = typeof dataset === 'string' ? datasetUri.exec(dataset)?.[1] : undefined
    if (id !== undefined) return { kind: 'dataset', dataset: id }
    throw fault('configuration', 'from.dataset: It is not the URI of a dataset.')
  }
  const name = String(connection)
  const { sourceOptions } = connections.connectorOf(name)
  if (!sourceOptions) throw fault('configuration', `from: Nothing can be read from the connection ${name}.`)
  const wrong = invalid(sourceOptions, 'json', options, `what ${name} takes as a source`)
  if (wrong) throw fault('configuration', `from: ${wrong.problem.detail ?? ''}`)
  return { kind: 'connection', connection: name, options }
}

function targetOf(given: JsonObject, place: string, connections: Connections): PlannedTarget {
  const { connection, name, mode, key, through, ...options } = given
  const wrong = (message: string) => fault('configuration', `${place}: ${message}`)
  if (typeof connection !== 'string') throw wrong('It has no `connection`.')
  const { targetOptions, targetModes = [] } = connections.connectorOf(connection)
  if (!targetOptions) throw wrong(`Nothing can be written to the connection ${connection}.`)
  const chosen = (mode ?? 'append') as TargetMode
  if (!targetModes.includes(chosen)) {
    throw wrong(`The connection ${connection} cannot ${chosen}; it can ${targetModes.join(', ')}.`)
  }
  if (chosen === 'upsert' && !Array.isArray(key)) throw wrong('With `upsert` it needs a `key`.')
  const invalidOptions = invalid(targetOptions, 'json', options, `what ${connection} takes as a target`)
  if (invalidOptions) throw wrong(invalidOptions.problem.detail ?? '')
  return {
    name: typeof name === 'string' ? name : connection,
    connection,
    mode: chosen,
    key: Array.isArray(key) ? key.map(String) : [],
    options,
    steps: pureSteps(through ?? [], `${place}.through`),
  }
}

/** A target's own steps are done anew on every attempt: they must neither remember nor do anything. */
function pureSteps(given: unknown, place: string): Step[] {
  const steps = stepsOf(given, place)
  if (steps.every(isPure)) return steps
  throw fault('configuration', `${place}: The steps of one target can map, filter and validate only.`)
}

/** The steps as plain data; those that can be are compiled once, so that a mistake is found before anything is read. */
export function stepsOf(given: unknown, place: string): Step[] {
  if (!Array.isArray(given)) throw fault('configuration', `${place}: It must be a list.`)
  const steps = given.map((each: JsonObject, index): Step => {
    const at = `${place}[${index}]`
    const [[kind, value] = ['', null], ...more] = Object.entries(each)
    if (more.length > 0) throw fault('configuration', `${at}: A step is exactly one thing.`)
    switch (kind) {
      case 'map':
      case 'filter':
      case 'deduplicate':
        programOf(String(value))
        return { kind, filter: String(value) }
      case 'validate': {
        const { document, format = 'json' } = isObject(value) ? value : {}
        if (document === undefined)
          throw fault('configuration', `${at}: The schema must be given as \`document\`.`)
        return { kind, schema: document, format: String(format) }
      }
      case 'call': {
        const [, name = '', version = '', catalog] = /^([^:@]+):([^@]+)(?:@(.+))?$/.exec(String(value)) ?? []
        return { kind, function: { name, version, ...(catalog !== undefined && { catalog }) } }
      }
      default:
        throw fault('configuration', `${at}: There is no step ${JSON.stringify(kind)}.`)
    }
  })
  for (const step of steps) {
    // A schema that cannot be used faults on the first record: better before anything is read.
    if (isPure(step) && step.kind === 'validate') invalid(step.schema, step.format, null, place)
  }
  return steps
}

function numberOf(value: unknown, place: string): number | undefined {
  if (value === undefined) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number
  throw fault('configuration', `${place}: It must be a number that is not negative.`)
}

function timeOf(value: Json | undefined, place: string): number | undefined {
  if (value === undefined) return undefined
  const time = milliseconds(value)
  if (time === undefined) throw fault('configuration', `${place}: It must be a duration.`)
  return time
}
