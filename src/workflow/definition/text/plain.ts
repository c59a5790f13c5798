import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml'
import type { Json, JsonObject } from '../../json.ts'
import { tooDeep, tooMany, type Limits } from './limits.ts'
import type { TextFault } from './source.ts'
import { isMergeKey, pairsOf, type Tree } from './tree.ts'

/**
 * A document as plain JSON. Aliases and merge keys are written out; what that comes to is bounded, so that
 * no alias bomb goes off.
 */
export function toPlain(tree: Tree, limits: Limits, fault: (fault: TextFault) => void): Json | undefined {
  const conversion = new Conversion(tree, limits, fault)
  try {
    return conversion.convert(tree.root, 0)
  } catch (error) {
    if (error !== stop) throw error
    return undefined
  }
}

/** Thrown to leave the recursion once there is nothing more to be learnt. */
const stop = new Error('the text is beyond its limits')

class Conversion {
  readonly #tree: Tree
  readonly #limits: Limits
  readonly #fault: (fault: TextFault) => void
  #nodes = 0
  #faults = 0

  constructor(tree: Tree, limits: Limits, fault: (fault: TextFault) => void) {
    this.#tree = tree
    this.#limits = limits
    this.#fault = fault
  }

  convert(node: Node | null | undefined, depth: number): Json {
    if (++this.#nodes > this.#limits.nodes) this.#stop(node, tooMany(this.#limits))
    if (depth > this.#limits.depth) this.#stop(node, tooDeep(this.#limits))
    if (!node) return null
    if (isAlias(node)) return this.convert(this.#resolve(node), depth + 1)
    if (isSeq(node)) return node.items.map((item) => this.convert(item as Node, depth + 1))
    if (isMap(node)) return this.#map(node, depth)
    return isScalar(node) ? this.#scalar(node) : null
  }

  #map(node: YAMLMap, depth: number): JsonObject {
    const object: JsonObject = {}
    const merged: Node[] = []
    for (const pair of pairsOf(node)) {
      if (isMergeKey(pair.key)) {
        if (pair.value) merged.push(pair.value)
        continue
      }
      const key = this.#tree.keyOf(pair.key)
      if (key === undefined) {
        this.#syntax(
          pair.key,
          'A key must be text, not a list or a map.',
          'Put quotes around the key if it has braces.',
        )
      } else if (key === '__proto__') {
        this.#syntax(pair.key, 'The key `__proto__` is not allowed.', 'Choose another key.')
      } else if (Object.hasOwn(object, key)) {
        this.#syntax(pair.key, `The key \`${key}\` stands here twice.`, 'Remove or rename one of them.')
      } else {
        object[key] = this.convert(pair.value, depth + 1)
      }
    }
    for (const each of merged) this.#merge(object, each, depth)
    return object
  }

  /** Keys of the map itself win over merged ones, and earlier maps over later ones. */
  #merge(object: JsonObject, from: Node, depth: number): void {
    const target = isAlias(from) ? this.#resolve(from) : from
    const sources = isSeq(target) ? (target.items as Node[]) : [target]
    for (const source of sources) {
      const value = this.convert(source, depth + 1)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        this.#syntax(from, 'Only maps can be merged with `<<`.', 'Name the anchor of a map.')
        continue
      }
      for (const [key, each] of Object.entries(value)) if (!Object.hasOwn(object, key)) object[key] = each
    }
  }

  #scalar(node: Scalar): Json {
    const { value } = node
    if (value === undefined || value === null) return null
    if (typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) {
      // A long number would come out as another one.
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value
      this.#syntax(
        node,
        `The number ${node.source ?? value} is too large to be kept exactly.`,
        'Put quotes around it.',
      )
      return null
    }
    this.#syntax(
      node,
      `\`${node.source ?? typeof value}\` is no JSON value.`,
      'Put quotes around it to make it text.',
    )
    return null
  }

  #resolve(node: Node): Node | undefined {
    const target = this.#tree.resolve(node)
    if (!target)
      this.#syntax(node, 'There is no anchor for this alias.', 'Define the anchor (`&name`) before it.')
    return target
  }

  #syntax(node: Node | null | undefined, message: string, todo: string): void {
    this.#fault({ code: 'SLUSE-DEFINITION-SYNTAX', message, todo, offset: node?.range?.[0] ?? 0 })
    if (++this.#faults >= 20) throw stop
  }

  #stop(node: Node | null | undefined, message: string): never {
    this.#fault({
      code: 'SLUSE-DEFINITION-TEXT',
      message,
      todo: 'Make it smaller: split the pipeline, or keep data out of the definition.',
      offset: node?.range?.[0] ?? 0,
    })
    throw stop
  }
}
