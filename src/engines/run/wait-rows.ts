import type { SqlValue } from '../../database/index.ts'
import { typesOf, type EventFilter, type Json } from '../../workflow/index.ts'
import type { Pending } from './pending.ts'
import type { Sealer } from './seal.ts'
import { hintOf, noHint } from './wait-hints.ts'

export const waitColumns = ['run', 'key', 'kind', 'due', 'type', 'hint_by', 'hint', 'filter'] as const

/** For a listener that takes any type. */
export const anyType = '*'

/** A filter whose variables are larger than this is left to the run itself. */
const largestFilter = 32_000
/** Where few are found by the hint, not much is worth keeping to ask them apart from the run. */
const largestBesideHint = 2000

interface Waiting {
  readonly row: { readonly number: number }
  readonly sealer: Sealer
}

/** The rows of `waits` by which a run is found when what the effect waits for has come: one for each event type. */
export function waitRows(run: Waiting, { key, request, due, gate }: Pending): SqlValue[][] {
  const { number } = run.row
  if (gate !== undefined) return [[number, key, 'gate', null, null, '', gate, null]]
  if (due !== undefined) return [[number, key, 'timer', due, null, '', '', null]]
  if (request.kind === 'child') return [[number, key, 'child', null, null, '', '', null]]
  if (request.kind !== 'event') return []
  return request.filters.flatMap((filter) => {
    const text = run.sealer.write(filter as unknown as Json)
    const sealed = run.sealer.seal !== undefined && text.includes(run.sealer.seal.nonce)
    const { by, value } = sealed ? noHint : hintOf(filter)
    const kept = sealed || text.length > (by === '' ? largestFilter : largestBesideHint) ? '' : text
    return typesOfAny([filter]).map((type) => [number, key, 'event', null, type, by, value, kept])
  })
}

/** The event types that any of the filters can match; `*` where it can be any. */
export function typesOfAny(filters: readonly EventFilter[]): string[] {
  const types = new Set<string>()
  for (const filter of filters) for (const type of typesOf(filter) ?? [anyType]) types.add(type)
  return types.has(anyType) ? [anyType] : [...types]
}
