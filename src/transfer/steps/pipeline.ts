import type { KeySet } from '../../database/index.ts'
import type { FunctionContext, Functions } from '../../functions/index.ts'
import { fault, type Json } from '../../workflow/index.ts'
import { digestOf } from '../dataset/keys.ts'
import { flowOf, makeLines, writeLines, type Given, type LineWork, type Made } from './lines.ts'
import { isPure, problemFrom, programOf, runPure } from './pure.ts'
import type { Failed, Flow, Step } from './step.ts'
import type { StepThreads } from './threads.ts'

export interface PipelineOptions extends LineWork {
  /** For `call` steps. */
  readonly functions?: Functions | undefined
  readonly context: Omit<FunctionContext, 'signal'>
  /** The keys that a step has seen in what is durable. */
  readonly keySet: (step: number) => Promise<KeySet>
  /** Where pure steps may be done beside this thread. */
  readonly threads?: StepThreads | undefined
}

/**
 * The steps of a transfer, from what the source gives to the lines that are staged. `begin` may be under way for many
 * batches at once; `end` is asked for one batch after the other, in their order: there keys are remembered.
 */
export class Pipeline {
  readonly #options: PipelineOptions
  /** Those before the first that remembers something. */
  readonly #apart: readonly Step[]
  readonly #ordered: readonly Step[]
  readonly #seen: ReadonlyMap<number, KeySet>

  private constructor(options: PipelineOptions, seen: ReadonlyMap<number, KeySet>) {
    this.#options = options
    this.#seen = seen
    const { steps } = options
    const from = steps.findIndex(({ kind }) => kind === 'deduplicate')
    this.#apart = from < 0 ? steps : steps.slice(0, from)
    this.#ordered = from < 0 ? [] : steps.slice(from)
  }

  static async open(options: PipelineOptions): Promise<Pipeline> {
    const seen = new Map<number, KeySet>()
    try {
      for (const [index, { kind }] of options.steps.entries()) {
        if (kind === 'deduplicate') seen.set(index, await options.keySet(index))
      }
    } catch (error) {
      for (const each of seen.values()) each.close()
      throw error
    }
    return new Pipeline(options, seen)
  }

  /** What can be done with a batch apart from all others. */
  async begin(given: Given, signal: AbortSignal): Promise<Begun> {
    const { steps, threads } = this.#options
    if (steps.every(isPure)) {
      const made = threads ? await threads.makeLines(given) : makeLines(given, this.#options)
      return { made }
    }
    const failed: Failed[] = []
    const flow = await this.#run(flowOf(given, failed), this.#apart, 0, 0, failed, signal)
    return { flow, failed }
  }

  /** The rest, in order. */
  async end(begun: Begun, batch: number, signal: AbortSignal): Promise<Made> {
    if ('made' in begun) return begun.made
    const { failed } = begun
    const flow = await this.#run(begun.flow, this.#ordered, this.#apart.length, batch, failed, signal)
    return { ...writeLines(flow, this.#options), failed }
  }

  /** Makes durable what is remembered, before the batches are that it comes from. */
  save(): void {
    for (const seen of this.#seen.values()) seen.save()
  }

  close(): void {
    for (const seen of this.#seen.values()) seen.close()
  }

  async #run(
    given: Flow,
    steps: readonly Step[],
    first: number,
    batch: number,
    failed: Failed[],
    signal: AbortSignal,
  ): Promise<Flow> {
    let flow = given
    for (const group of groupsOf(steps)) {
      const at = first + group.at
      const [step] = group.steps
      if (step?.kind === 'call') flow = await this.#call(flow, step, at, failed, signal)
      else if (step?.kind === 'deduplicate') flow = this.#deduplicate(flow, step, at, batch, failed)
      else flow = runPure(flow, group.steps, at, failed)
    }
    return flow
  }

  async #call(
    { values, of }: Flow,
    step: Step & { kind: 'call' },
    at: number,
    failed: Failed[],
    signal: AbortSignal,
  ): Promise<Flow> {
    const { functions, context } = this.#options
    if (!functions) throw fault('configuration', 'This server runs no functions as steps of transfers.')
    if (values.length === 0) return { values, of }
    const key = `${context.key}/step[${at}]`
    const outcomes = await functions.call(step.function, values, { ...context, key, signal })
    const next: Flow = { values: [], of: [] }
    for (const [index, outcome] of outcomes.entries()) {
      const source = of[index] ?? index
      if ('refused' in outcome) {
        failed.push({
          index: source,
          step: at,
          body: JSON.stringify(values[index]),
          problem: outcome.refused,
        })
      } else {
        for (const record of outcome.records) {
          next.values.push(record)
          next.of.push(source)
        }
      }
    }
    return next
  }

  #deduplicate(
    { values, of }: Flow,
    step: Step & { kind: 'deduplicate' },
    at: number,
    batch: number,
    failed: Failed[],
  ): Flow {
    const program = programOf(step.filter)
    const keyed: { value: Json; source: number; key: Buffer }[] = []
    for (const [index, value] of values.entries()) {
      const source = of[index] ?? index
      try {
        const key = JSON.stringify([...program(value)])
        keyed.push({ value, source, key: digestOf(key, this.#options.key) })
      } catch (error) {
        failed.push({ index: source, step: at, body: JSON.stringify(value), problem: problemFrom(error) })
      }
    }
    const fresh = this.#seen.get(at)?.add(
      keyed.map(({ key }) => key),
      batch,
    )
    const kept = keyed.filter((_, index) => fresh?.[index])
    return { values: kept.map(({ value }) => value), of: kept.map(({ source }) => source) }
  }
}

/** A batch whose first steps are done. */
export type Begun = { readonly made: Made } | { readonly flow: Flow; readonly failed: Failed[] }

const groups = new WeakMap<readonly Step[], readonly Group[]>()

interface Group {
  readonly at: number
  readonly steps: Step[]
}

/** Pure steps that follow one another are done together; each other is one of its own. */
function groupsOf(steps: readonly Step[]): readonly Group[] {
  let found = groups.get(steps)
  if (!found) {
    const made: Group[] = []
    steps.forEach((step, index) => {
      const last = made.at(-1)
      if (last && isPure(step) && last.steps.every(isPure)) last.steps.push(step)
      else made.push({ at: index, steps: [step] })
    })
    groups.set(steps, (found = made))
  }
  return found
}
