import type { Json, LifecycleReport, Problem, TaskPlace } from '../workflow/index.ts'

/**
 * The feed: one row per run and commit, holding in their order the results that the run was given and what it
 * reported on the way. It is the journal that a replay reads and the record that history reads.
 * `at` is milliseconds since 1970, UTC.
 */
export type FeedItem = { readonly at: number } & (
  | {
      readonly type: 'start'
      readonly input: Json
      readonly runtime: Runtime
      readonly override?: { key: string; input: Json }
      /** Inbox numbers of the events that started it. */
      readonly consumed?: readonly number[]
    }
  /** `event` is the inbox number of the event that was consumed. `queued`: recorded, but not given to the run yet. */
  | {
      readonly type: 'result'
      readonly key: string
      readonly value: Json
      readonly event?: number
      readonly queued?: true
    }
  | { readonly type: 'fault'; readonly key: string; readonly problem: Problem; readonly queued?: true }
  /** A result that must not be stored: a replay carries the effect out again. */
  | { readonly type: 'secret'; readonly key: string }
  /** The whole run was cancelled here. */
  | { readonly type: 'cancel' }
  /** The activity is to be carried out again at `until`. */
  | {
      readonly type: 'postponed'
      readonly key: string
      readonly until: number
      readonly attempt: number
      /** The target that it waits for. */
      readonly gate?: string
    }
  /**
   * Copied from the run that this one reruns: may be asked for in another order, or not at all.
   * With `problem` the value is a fault's.
   */
  | {
      readonly type: 'copy'
      readonly key: string
      readonly value: Json
      readonly problem?: true
      readonly event?: number
    }
  | { readonly type: 'report'; readonly report: LifecycleReport }
)

/** What `$runtime` says in this run. */
type Runtime = { name: string; version: string; metadata: { readonly [key: string]: Json } }

/**
 * Short names, because there is a row for each step: `t` time where it changed, `j` kind of journal item, `r` kind of
 * report, `k` key, `p` JSON pointer where it differs from the key, `v` value, `w` item that has the same value.
 */
interface Encoded {
  t?: number
  j?: Exclude<FeedItem['type'], 'report'>
  r?: LifecycleReport['kind']
  k?: string
  p?: string
  v?: Json
  w?: number
  n?: number
  a?: number
  q?: 1
  m?: Runtime
  o?: { key: string; input: Json }
  c?: readonly number[]
  e?: 1
  g?: string
}

export function encodeRow(items: readonly FeedItem[]): string {
  return JSON.stringify(encodeItems(items))
}

/** The output of one task is the input of the next: the same value is written once. */
export function encodeItems(items: readonly FeedItem[]): Json {
  const seen = new Map<object, number>()
  let time = -1
  const encoded = items.map((item, index) => {
    const short = encodeItem(item)
    const { v } = short
    if (typeof v === 'object' && v !== null) {
      const first = seen.get(v)
      if (first === undefined) seen.set(v, index)
      else {
        delete short.v
        short.w = first
      }
    }
    if (item.at !== time) short.t = time = item.at
    return short
  })
  return encoded as Json
}

function encodeItem(item: FeedItem): Encoded {
  switch (item.type) {
    case 'start':
      return {
        j: 'start',
        v: item.input,
        m: item.runtime,
        ...(item.override && { o: item.override }),
        ...(item.consumed && { c: item.consumed }),
      }
    case 'result':
      return {
        j: 'result',
        k: item.key,
        v: item.value,
        ...(item.event !== undefined && { n: item.event }),
        ...(item.queued && { q: 1 }),
      }
    case 'fault':
      return { j: 'fault', k: item.key, v: item.problem as Json, ...(item.queued && { q: 1 }) }
    case 'secret':
      return { j: 'secret', k: item.key }
    case 'cancel':
      return { j: 'cancel' }
    case 'postponed':
      return {
        j: 'postponed',
        k: item.key,
        n: item.until,
        a: item.attempt,
        ...(item.gate !== undefined && { g: item.gate }),
      }
    case 'copy':
      return {
        j: 'copy',
        k: item.key,
        v: item.value,
        ...(item.problem && { e: 1 }),
        ...(item.event !== undefined && { n: item.event }),
      }
    case 'report':
      return encodeReport(item.report)
  }
}

function encodeReport(report: LifecycleReport): Encoded {
  const short: Encoded = { r: report.kind }
  if ('key' in report) {
    short.k = report.key
    if (report.task !== report.key) short.p = report.task
  }
  switch (report.kind) {
    case 'task.started':
      short.v = report.input
      break
    case 'task.completed':
    case 'workflow.completed':
      short.v = report.output
      break
    case 'task.faulted':
    case 'workflow.faulted':
      short.v = report.error as Json
      break
    case 'task.retried':
      short.n = report.attempt
      break
    case 'workflow.correlation-completed':
      if (report.correlationKeys) short.v = report.correlationKeys
      break
    default:
      break
  }
  return short
}

export function decodeRow(data: string): FeedItem[] {
  return decodeItems(JSON.parse(data) as Json)
}

export function decodeItems(encoded: Json): FeedItem[] {
  const shorts = encoded as unknown as Encoded[]
  let at = 0
  return shorts.map((short) => {
    at = short.t ?? at
    const value = (short.w === undefined ? short.v : shorts[short.w]?.v) ?? null
    return { at, ...decodeItem(short, value) }
  })
}

/** Like `Omit`, for each member of the union by itself. */
type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never

function decodeItem(short: Encoded, value: Json): WithoutTime<FeedItem> {
  const { j: type, k: key = '' } = short
  if (type === undefined) return { type: 'report', report: decodeReport(short, key, value) }
  switch (type) {
    case 'start':
      return {
        type: 'start',
        input: value,
        runtime: short.m ?? { name: '', version: '', metadata: {} },
        ...(short.o && { override: short.o }),
        ...(short.c && { consumed: short.c }),
      }
    case 'result':
      return {
        type: 'result',
        key,
        value,
        ...(short.n !== undefined && { event: short.n }),
        ...(short.q && { queued: true }),
      }
    case 'fault':
      return { type: 'fault', key, problem: value as unknown as Problem, ...(short.q && { queued: true }) }
    case 'secret':
      return { type: 'secret', key }
    case 'cancel':
      return { type: 'cancel' }
    case 'postponed':
      return {
        type: 'postponed',
        key,
        until: short.n ?? 0,
        attempt: short.a ?? 0,
        ...(short.g !== undefined && { gate: short.g }),
      }
    case 'copy':
      return {
        type: 'copy',
        key,
        value,
        ...(short.e && { problem: true }),
        ...(short.n !== undefined && { event: short.n }),
      }
  }
}

function decodeReport(short: Encoded, key: string, value: Json): LifecycleReport {
  const place: TaskPlace = { task: short.p ?? key, key }
  const kind = short.r
  switch (kind) {
    case 'workflow.completed':
      return { kind, output: value }
    case 'workflow.faulted':
      return { kind, error: value as unknown as Problem }
    case 'workflow.correlation-completed':
      return { kind, ...(short.v !== undefined && { correlationKeys: value as { [name: string]: Json } }) }
    case 'task.started':
      return { kind, ...place, input: value }
    case 'task.completed':
      return { kind, ...place, output: value }
    case 'task.faulted':
      return { kind, ...place, error: value as unknown as Problem }
    case 'task.retried':
      return { kind, ...place, attempt: short.n ?? 0 }
    case 'task.created':
    case 'task.cancelled':
    case 'task.suspended':
    case 'task.resumed':
      return { kind, ...place }
    case undefined:
      throw new Error('A row of the feed has an item that is neither a result nor a report.')
    default:
      return { kind }
  }
}
