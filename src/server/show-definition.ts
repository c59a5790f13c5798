import { graph } from '../workflow/index.ts'
import { sourcePosition, type Definition } from '../workflow/definition/index.ts'

/** A definition's text with its graph, and the place of each task in the text. */
export function showDefinition(definition: Definition, more: readonly string[] = []) {
  const flow = graph(definition.workflow)
  const pointers = [...flow.nodes, ...flow.frames].flatMap(({ task }) => task ?? [])
  const places = [...new Set([...pointers, ...more])].map(
    (pointer) => [pointer, sourcePosition(definition, pointer)] as const,
  )
  return { source: definition.text, flow, places: Object.fromEntries(places) }
}
