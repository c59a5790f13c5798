import type { Json } from '../../workflow/index.ts'
import { nestsDeeper } from './depth.ts'
import type { ReadLimits, Sink } from './format.ts'
import { undecodable } from './text.ts'

/**
 * Gives one JSON text to the sink, as a record or as what is none. `what` it is called: `line`, `item`. `suspicious`:
 * whether there may be bytes in it that its encoding does not know.
 */
export function takeJson(
  text: string,
  place: number,
  what: string,
  sink: Sink,
  limits: ReadLimits,
  suspicious = true,
): void {
  if (suspicious && undecodable(text)) return sink.bad(text, place, `The ${what} is not UTF-8.`)
  if (nestsDeeper(text, limits.maxDepth)) {
    return sink.bad(text, place, `The ${what} nests deeper than ${limits.maxDepth} levels.`)
  }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    return sink.bad(text, place, `The ${what} is not valid JSON: ${(error as Error).message}.`)
  }
  sink.record(value, place)
}
