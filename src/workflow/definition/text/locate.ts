import { isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml'
import { segmentsOf } from './pointer.ts'
import { isMergeKey, pairsOf, type Tree } from './tree.ts'

/** Which part of what a pointer names: its key, its value, or the character at this index of its text. */
export type Part = 'key' | 'value' | { readonly character: number }

/**
 * The offset in the text of what a JSON pointer names. Where the document has no such place, of the nearest
 * place around it. Through an alias, of what the alias stands for.
 */
export function locate(tree: Tree, text: string, pointer: string, part: Part): number {
  let node: Node | null | undefined = tree.root
  let key: Node | null | undefined
  for (const segment of segmentsOf(pointer)) {
    const step = descend(tree.resolve(node), segment, tree)
    if (!step) return offset(key ?? node)
    key = step.key
    node = step.value
  }
  if (part === 'key') return offset(key ?? node)
  const target = tree.resolve(node)
  if (part === 'value') return offset(target ?? key)
  return isScalar(target) ? characterOffset(target, text, part.character) : offset(target ?? key)
}

interface Step {
  key: Node | undefined
  value: Node | null | undefined
}

function descend(node: Node | undefined, segment: string, tree: Tree): Step | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(segment)] as Node | undefined
    return value && { key: undefined, value }
  }
  return isMap(node) ? descendMap(node, segment, tree) : undefined
}

function descendMap(node: YAMLMap, segment: string, tree: Tree): Step | undefined {
  const pairs = pairsOf(node)
  const own = pairs.find((pair) => !isMergeKey(pair.key) && tree.keyOf(pair.key) === segment)
  if (own) return { key: own.key, value: own.value }
  for (const pair of pairs) {
    if (!isMergeKey(pair.key)) continue
    const merged = tree.resolve(pair.value)
    for (const each of isSeq(merged) ? (merged.items as Node[]) : [merged]) {
      const step = descend(tree.resolve(each), segment, tree)
      if (step) return step
    }
  }
  return undefined
}

function offset(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0
}

/** Where the character at `index` of a scalar's text stands; its beginning, where folding makes that unclear. */
function characterOffset(node: Scalar, text: string, index: number): number {
  const [start, end] = node.range ?? [0, 0]
  const raw = text.slice(start, end)
  switch (node.type) {
    case 'PLAIN':
      return raw.includes('\n') ? start : start + index
    case 'QUOTE_SINGLE':
    case 'QUOTE_DOUBLE':
      return raw.includes('\n') ? start : start + quotedIndex(raw, index)
    case 'BLOCK_LITERAL':
      return start + literalIndex(raw, index)
    default:
      return start
  }
}

function quotedIndex(raw: string, index: number): number {
  const double = raw.startsWith('"')
  let at = 1
  for (let left = index; left > 0 && at < raw.length; left--) {
    if (!double) at += raw.startsWith("''", at) ? 2 : 1
    else if (raw[at] === '\\') at += 2 + ({ x: 2, u: 4, U: 8 }[raw[at + 1] ?? ''] ?? 0)
    else at += 1
  }
  return at
}

function literalIndex(raw: string, index: number): number {
  const lines = raw.split('\n')
  const indent = Math.min(
    ...lines.slice(1).map((line) => (line.trim() === '' ? Infinity : line.search(/\S/))),
  )
  let at = (lines[0]?.length ?? 0) + 1
  let left = index
  for (const line of lines.slice(1)) {
    const content = line.replace(/\r$/, '').slice(indent)
    if (left <= content.length) return at + Math.min(indent, line.length) + left
    left -= content.length + 1
    at += line.length + 1
  }
  return Math.min(at, raw.length)
}
