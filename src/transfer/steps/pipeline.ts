import type { KeySet } from '../../database/index.ts'
import type { Json } from '../../workflow/index.ts'
import { digestOf } from '../dataset/keys.ts'
import { beginBatch, splitSteps, type Begun, type StepsOptions } from './apart.ts'
import { writeLines, type Given, type Made } from './lines.ts'
import { problemFrom, programOf } from './pure.ts'
import { runSteps } from './run-steps.ts'
import type { Failed, Flow, Step } from './step.ts'
import type { StepThreads } from './threads.ts'

export interface PipelineOptions extends StepsOptions {
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
  readonly #seen: ReadonlyMap<number, KeySet>

  private constructor(options: PipelineOptions, seen: ReadonlyMap<number, KeySet>) {
    this.#options = options
    this.#seen = seen
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
  begin(given: Given, signal: AbortSignal): Promise<Begun> {
    return beginBatch(given, this.#options, signal, this.#options.threads)
  }

  /** The rest, in order. */
  async end(begun: Begun, batch: number, signal: AbortSignal): Promise<Made> {
    if ('made' in begun) return begun.made
    const { apart, ordered } = splitSteps(this.#options.steps)
    const { failed } = begun
    const flow = await runSteps(
      begun.flow,
      { steps: ordered, first: apart.length, failed, signal },
      this.#options,
      (given, step, at) => this.#deduplicate(given, step, at, batch, failed),
    )
    return { ...writeLines(flow, this.#options), failed }
  }

  /** Makes durable what is remembered, before the batches are that it comes from. */
  save(): void {
    for (const seen of this.#seen.values()) seen.save()
  }

  close(): void {
    for (const seen of this.#seen.values()) seen.close()
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
