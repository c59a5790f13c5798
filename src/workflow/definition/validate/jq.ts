import { parse } from '../../../jq/parser.ts'

/** What can be said of a filter without running it. */
export type Analysis =
  | { readonly ok: true; readonly references: readonly Reference[] }
  | { readonly ok: false; readonly message: string; readonly offset: number }

/** A use of a variable that the filter does not bind itself: `$secrets.key` has the path `['key']`. */
export interface Reference {
  readonly name: string
  readonly path: readonly string[]
  readonly offset: number
}

/** Compiles a filter, whatever variables it uses, and gives those that it needs from outside. */
export function analyse(filter: string): Analysis {
  try {
    const tree = parse(filter)
    const used: Reference[] = []
    const bound = new Set<string>(['__loc__'])
    collect(tree, used, bound)
    return { ok: true, references: used.filter(({ name }) => !bound.has(name)) }
  } catch (error) {
    const { message = String(error), offset = 0 } = error as { message?: string; offset?: number }
    // The place is reported in the text of the definition, not in that of the filter.
    return { ok: false, message: message.replace(/ \(line \d+, column \d+\)$/, ''), offset }
  }
}

function collect(node: unknown, used: Reference[], bound: Set<string>): void {
  if (Array.isArray(node)) return node.forEach((each) => collect(each, used, bound))
  if (typeof node !== 'object' || node === null) return
  const record = node as Record<string, unknown>
  if (record.type === 'variable')
    used.push({ name: String(record.name), path: [], offset: Number(record.at) })
  if (record.type === 'index') {
    const target = record.target as Record<string, unknown>
    const key = record.key as Record<string, unknown>
    const name =
      key.type === 'literal'
        ? key.value
        : Array.isArray(key.parts) && key.parts.length === 1
          ? key.parts[0]
          : undefined
    if (target.type === 'variable' && typeof name === 'string') {
      used.push({ name: String(target.name), path: [name], offset: Number(target.at) })
      return
    }
  }
  for (const [key, value] of Object.entries(record)) {
    if (key === 'patterns') names(value, bound)
    else if (key === 'params') for (const param of value as { name: string }[]) bound.add(param.name)
    else collect(value, used, bound)
  }
}

function names(pattern: unknown, bound: Set<string>): void {
  if (Array.isArray(pattern)) return pattern.forEach((each) => names(each, bound))
  if (typeof pattern !== 'object' || pattern === null) return
  const record = pattern as Record<string, unknown>
  if (record.type === 'variable') bound.add(String(record.name))
  Object.values(record).forEach((each) => names(each, bound))
}
