/** Whether what a filter gives may be far larger when it is written down than it is in memory. */
import type { Node } from './ast.ts'

const mostConstructors = 8
const repeatingNodes: ReadonlySet<string> = new Set(['reduce', 'foreach', 'function', 'bind', 'assign'])
const repeatingCalls: ReadonlySet<string> = new Set([
  'until',
  'while',
  'repeat',
  'recurse',
  'walk',
  'combinations',
])

/**
 * Whether a filter can put a value into itself again and again, as `reduce … ({a: ., b: .})` does. A plain
 * mapping cannot, so nothing has to be checked of what it gives.
 */
export function mayRepeat(tree: Node): boolean {
  let constructors = 0
  const left: unknown[] = [tree]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null) continue
    const { type, name } = next as { type?: unknown; name?: unknown }
    if (type === 'array' || type === 'object') constructors++
    if (constructors > mostConstructors || repeatingNodes.has(String(type))) return true
    if (type === 'call' && repeatingCalls.has(String(name))) return true
    for (const child of Object.values(next)) if (typeof child === 'object') left.push(child)
  }
  return false
}
