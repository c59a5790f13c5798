import { createHash } from 'node:crypto'
import type { RecordBatch } from '../connectors/index.ts'
import type { Json } from '../workflow/index.ts'
import { originAt, type Block } from './dataset/block.ts'
import { revealRecord, type PersonalData } from './personal.ts'
import { writeLines } from './steps/lines.ts'
import { runPure } from './steps/pure.ts'
import type { Failed, Step } from './steps/step.ts'

/** A block as one target gets it. */
export interface TargetBatch extends RecordBatch {
  /** Where a record of the batch came from. */
  origin(index: number): string
  /** Where a record of the block came from. */
  blockOrigin(index: number): string
  /** The number of a record of the batch within the dataset. */
  number(index: number): number
  /** Records of the block on which a step of the target failed. */
  readonly failed: readonly Failed[]
}

/**
 * A block through the target's own steps, in clear. Without steps and personal data the lines are given as they
 * lie in the dataset, and nobody parses them unless the target asks for values.
 */
export function targetBatch(
  block: Block,
  {
    steps,
    personal,
    key,
    deliveryId,
    valuesOf,
  }: {
    readonly steps: readonly Step[]
    readonly personal: PersonalData | undefined
    readonly key: Uint8Array
    readonly deliveryId: string
    readonly valuesOf: (block: Block) => readonly Json[]
  },
): TargetBatch {
  const failed: Failed[] = []
  let values: readonly Json[] | undefined
  let lines: Uint8Array | undefined
  let of: readonly number[] | undefined
  if (steps.length === 0 && !personal) lines = block.lines
  else {
    const all = valuesOf(block)
    const clear = personal ? all.map((record) => revealRecord(record, personal, key)) : [...all]
    const flow = runPure({ values: clear, of: clear.map((_, index) => index) }, steps, 0, failed)
    values = flow.values
    of = flow.of
  }
  const place = (index: number) => of?.[index] ?? index
  return {
    size: values?.length ?? block.count,
    first: block.first,
    failed,
    values: () => (values ??= valuesOf(block)),
    lines: () => (lines ??= writeLines({ values: [...(values ?? [])], of: [] }, { steps: [], key }).lines),
    origin: (index) => originAt(block.origins, place(index)),
    blockOrigin: (index) => originAt(block.origins, index),
    number: (index) => block.first + place(index),
    idempotencyKey(index) {
      const number = place(index)
      // A record that a step of the target made several of: which of them it is.
      let nth = 0
      for (let before = index - 1; before >= 0 && place(before) === number; before--) nth++
      const name = `${deliveryId}:${block.first + number}${nth > 0 ? `.${nth}` : ''}`
      return createHash('sha256').update(name).digest('base64url').slice(0, 32)
    },
  }
}
