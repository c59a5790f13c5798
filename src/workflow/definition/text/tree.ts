import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'

/** A parsed document in which every alias is resolved, in one pass: the parser's own way takes one for each. */
export class Tree {
  readonly root: Node | null
  readonly #targets: ReadonlyMap<Alias, Node>

  constructor(document: Document.Parsed) {
    this.root = document.contents
    const targets = new Map<Alias, Node>()
    link(document.contents, new Map(), targets)
    this.#targets = targets
  }

  /** What a node is, or stands for; nothing where an alias has no anchor before it. */
  resolve(node: Node | null | undefined): Node | undefined {
    return (isAlias(node) ? this.#targets.get(node) : node) ?? undefined
  }

  /** A key as text: `200:` is the key "200", as it would be in JSON. */
  keyOf(key: Node | null): string | undefined {
    const node = this.resolve(key)
    if (!isScalar(node)) return undefined
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  }
}

/** An alias means the last anchor of its name before it. */
function link(node: Node | null | undefined, anchors: Map<string, Node>, targets: Map<Alias, Node>): void {
  if (!node) return
  if (isAlias(node)) {
    const target = anchors.get(node.source)
    if (target) targets.set(node, target)
    return
  }
  if (node.anchor !== undefined) anchors.set(node.anchor, node)
  if (isSeq(node)) for (const item of node.items) link(item as Node | null, anchors, targets)
  if (isMap(node)) {
    for (const pair of pairsOf(node)) {
      link(pair.key, anchors, targets)
      link(pair.value, anchors, targets)
    }
  }
}

export function pairsOf(node: YAMLMap): Pair<Node, Node | null>[] {
  return node.items as Pair<Node, Node | null>[]
}

/** The merge key of YAML 1.1, which authors know from elsewhere. */
export function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}
