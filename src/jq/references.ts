/** Which of the program's variables a filter reads, and how far into them it reads by fixed names. */
import type { Node, Pattern } from './ast.ts'

/**
 * The paths, without repeats: `$secrets.db.password` is `['secrets', 'db', 'password']`, and `$context`, or a
 * variable that is read in a way that is not fixed (`$context[$key]`), is `['context']`.
 */
export function findReferences(node: Node): string[][] {
  const found = new Map<string, string[]>()
  visit(node, new Set(), (path) => found.set(JSON.stringify(path), path))
  return [...found.values()]
}

type Note = (path: string[]) => void

function visit(node: Node, bound: ReadonlySet<string>, note: Note): void {
  const each = (...nodes: readonly (Node | undefined)[]): void => {
    for (const child of nodes) if (child !== undefined) visit(child, bound, note)
  }
  switch (node.type) {
    case 'identity':
    case 'literal':
    case 'format':
    case 'break':
      return
    case 'variable':
      if (!bound.has(node.name)) note([node.name])
      return
    case 'index': {
      const path = fixedPath(node, bound)
      if (path !== undefined) note(path)
      else each(node.target, node.key)
      return
    }
    case 'string':
      each(...node.parts.filter((part) => typeof part !== 'string'))
      return
    case 'slice':
      each(node.target, node.from, node.to)
      return
    case 'iterate':
      each(node.target)
      return
    case 'array':
    case 'negate':
    case 'label':
      each(node.body)
      return
    case 'object':
      each(...node.pairs.flatMap((pair) => [pair.key, pair.value]))
      return
    case 'pipe':
    case 'comma':
      each(...node.parts)
      return
    case 'binary':
    case 'logic':
    case 'alternative':
      each(node.left, node.right)
      return
    case 'assign':
      each(node.target, node.value)
      return
    case 'if':
      each(...node.branches.flatMap((branch) => [branch.condition, branch.body]), node.otherwise)
      return
    case 'try':
      each(node.body, node.handler)
      return
    case 'call':
      each(...node.args)
      return
    case 'bind':
      each(node.source, ...node.patterns.flatMap(keysOf))
      visit(node.body, withNames(bound, node.patterns), note)
      return
    case 'reduce':
    case 'foreach': {
      each(node.source, node.init, ...node.patterns.flatMap(keysOf))
      const inner = withNames(bound, node.patterns)
      visit(node.update, inner, note)
      if (node.type === 'foreach' && node.extract !== undefined) visit(node.extract, inner, note)
      return
    }
    case 'function': {
      const { params, body } = node.definition
      visit(
        body,
        new Set([...bound, ...params.filter(({ isValue }) => isValue).map(({ name }) => name)]),
        note,
      )
      each(node.rest)
    }
  }
}

/** The names of `$x.a.b` or `$x["a"].b`, where `$x` is a variable of the program. */
function fixedPath(node: Node, bound: ReadonlySet<string>): string[] | undefined {
  const names: string[] = []
  let current = node
  while (
    current.type === 'index' &&
    current.key.type === 'literal' &&
    typeof current.key.value === 'string'
  ) {
    names.unshift(current.key.value)
    current = current.target
  }
  return current.type === 'variable' && !bound.has(current.name) ? [current.name, ...names] : undefined
}

function withNames(bound: ReadonlySet<string>, patterns: readonly Pattern[]): Set<string> {
  return new Set([...bound, ...patterns.flatMap(namesOf)])
}

function namesOf(pattern: Pattern): string[] {
  if (pattern.type === 'variable') return [pattern.name]
  if (pattern.type === 'array') return pattern.elements.flatMap(namesOf)
  return pattern.members.flatMap(({ bind, value }) => [
    ...(bind === undefined ? [] : [bind]),
    ...(value === undefined ? [] : namesOf(value)),
  ])
}

function keysOf(pattern: Pattern): Node[] {
  if (pattern.type === 'variable') return []
  if (pattern.type === 'array') return pattern.elements.flatMap(keysOf)
  return pattern.members.flatMap(({ key, value }) => [key, ...(value === undefined ? [] : keysOf(value))])
}
