/** A regular expression as instructions for the machine. */
import type { CodeTest, ParsedRegex, Regex, Where } from './syntax.ts'

export type Instruction =
  | { readonly op: 'set'; readonly test: CodeTest }
  /** Prefers `first`, and comes back to `second`. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** A run of one set, as long as it goes, given back one by one. */
  | {
      readonly op: 'run'
      readonly test: CodeTest
      readonly min: number
      readonly max: number
      readonly lazy: boolean
      readonly keep: boolean
    }
  | { readonly op: 'begin'; readonly counter: number }
  | {
      readonly op: 'again'
      readonly counter: number
      readonly min: number
      readonly max: number
      readonly lazy: boolean
    }
  | { readonly op: 'turn'; readonly counter: number; readonly body: number }
  | { readonly op: 'at'; readonly where: Where }
  /** A part that is matched on its own, without coming back into it. It lies behind, up to an `accept`. */
  | { readonly op: 'atomic'; to: number }
  | {
      readonly op: 'look'
      readonly negative: boolean
      readonly behind: boolean
      /** How long the part before may be. */
      readonly min: number
      readonly max: number
      to: number
    }
  | { readonly op: 'backreference'; readonly numbers: readonly number[]; readonly ignoreCase: boolean }
  | { readonly op: 'call'; to: number }
  | { readonly op: 'return' }
  | { readonly op: 'condition'; readonly numbers: readonly number[]; no: number }
  | { readonly op: 'accept' }

export interface Program {
  readonly code: readonly Instruction[]
  readonly slots: number
  readonly counters: number
  /** What the first code point of any match is; `undefined` where a match may be empty or begin with anything. */
  readonly first: CodeTest | undefined
}

/** Copies of a part that `{n,m}` is written out into, at most. */
const mostInstructions = 100_000

export function assemble(regex: ParsedRegex): Program {
  return new Assembler(regex).program()
}

class Assembler {
  private readonly regex: ParsedRegex
  private readonly code: Instruction[] = []
  private counters = 0
  private readonly called: ReadonlySet<number>
  private readonly entries = new Map<number, number>()
  private readonly calls: { instruction: { to: number }; number: number }[] = []

  constructor(regex: ParsedRegex) {
    this.regex = regex
    this.called = calledGroups(regex.tree)
  }

  program(): Program {
    if (this.called.has(0)) {
      const call = { op: 'call' as const, to: 2 }
      this.emit(call)
      this.emit({ op: 'accept' })
      this.entries.set(0, 2)
      this.add(this.regex.tree)
      this.emit({ op: 'return' })
    } else {
      this.add(this.regex.tree)
      this.emit({ op: 'accept' })
    }
    for (const { instruction, number } of this.calls) instruction.to = this.entries.get(number) ?? 0
    return {
      code: this.code,
      slots: 2 * (this.regex.groups + 1),
      counters: this.counters,
      first: firstOf(this.regex.tree),
    }
  }

  private emit<T extends Instruction>(instruction: T): T {
    this.code.push(instruction)
    if (this.code.length > mostInstructions) throw new RangeError('too many instructions')
    return instruction
  }

  private add(node: Regex): void {
    switch (node.type) {
      case 'empty':
        return
      case 'set':
        this.emit({ op: 'set', test: node.test })
        return
      case 'sequence':
        for (const part of node.parts) this.add(part)
        return
      case 'choice':
        this.addChoice(node.parts)
        return
      case 'group':
        this.addGroup(node.number, node.body)
        return
      case 'repeat':
        this.addRepeat(node)
        return
      case 'atomic':
        this.addApart({ op: 'atomic', to: 0 }, node.body)
        return
      case 'look': {
        const [min, max] = node.behind ? lengths(node.body) : [0, 0]
        this.addApart(
          { op: 'look', negative: node.negative, behind: node.behind, min, max, to: 0 },
          node.body,
        )
        return
      }
      case 'at':
        this.emit({ op: 'at', where: node.where })
        return
      case 'backreference':
        this.emit({ op: 'backreference', numbers: node.numbers, ignoreCase: node.ignoreCase })
        return
      case 'call':
        this.calls.push({ instruction: this.emit({ op: 'call', to: 0 }), number: node.number })
        return
      case 'condition': {
        const condition = this.emit({ op: 'condition', numbers: node.numbers, no: 0 })
        this.add(node.yes)
        const jump = this.emit({ op: 'jump', to: 0 })
        condition.no = this.code.length
        this.add(node.no)
        jump.to = this.code.length
      }
    }
  }

  private addChoice(parts: readonly Regex[]): void {
    const jumps: { to: number }[] = []
    for (const [i, part] of parts.entries()) {
      if (i === parts.length - 1) {
        this.add(part)
        break
      }
      const split = this.emit({ op: 'split', first: this.code.length + 1, second: 0 })
      this.add(part)
      jumps.push(this.emit({ op: 'jump', to: 0 }))
      split.second = this.code.length
    }
    for (const jump of jumps) jump.to = this.code.length
  }

  /** A group that is called from elsewhere is a routine of its own. */
  private addGroup(number: number, body: Regex): void {
    if (!this.called.has(number) || this.entries.has(number)) {
      this.addCapture(number, body)
      return
    }
    this.emit({ op: 'call', to: this.code.length + 2 })
    const jump = this.emit({ op: 'jump', to: 0 })
    this.entries.set(number, this.code.length)
    this.addCapture(number, body)
    this.emit({ op: 'return' })
    jump.to = this.code.length
  }

  private addCapture(number: number, body: Regex): void {
    this.emit({ op: 'save', slot: 2 * number })
    this.add(body)
    this.emit({ op: 'save', slot: 2 * number + 1 })
  }

  private addRepeat(node: Extract<Regex, { type: 'repeat' }>): void {
    const { body, min, max, mode } = node
    if (body.type === 'set') {
      this.emit({ op: 'run', test: body.test, min, max, lazy: mode === 'lazy', keep: mode === 'possessive' })
      return
    }
    if (mode === 'possessive') {
      this.addApart({ op: 'atomic', to: 0 }, { ...node, mode: 'greedy' })
      return
    }
    if (min === 0 && max === 1) {
      const split = this.emit({ op: 'split', first: this.code.length + 1, second: this.code.length + 1 })
      this.add(body)
      if (mode === 'lazy') split.first = this.code.length
      else split.second = this.code.length
      return
    }
    const counter = this.counters++
    this.emit({ op: 'begin', counter })
    const jump = this.emit({ op: 'jump', to: 0 })
    const start = this.code.length
    this.add(body)
    jump.to = this.code.length
    this.emit({ op: 'again', counter, min, max, lazy: mode === 'lazy' })
    this.emit({ op: 'turn', counter, body: start })
  }

  private addApart(instruction: Extract<Instruction, { op: 'atomic' | 'look' }>, body: Regex): void {
    this.emit(instruction)
    this.add(body)
    this.emit({ op: 'accept' })
    instruction.to = this.code.length
  }
}

function calledGroups(node: Regex): Set<number> {
  const found = new Set<number>()
  const visit = (inner: Regex): void => {
    if (inner.type === 'call') found.add(inner.number)
    for (const child of childrenOf(inner)) visit(child)
  }
  visit(node)
  return found
}

function childrenOf(node: Regex): readonly Regex[] {
  switch (node.type) {
    case 'sequence':
    case 'choice':
      return node.parts
    case 'group':
    case 'repeat':
    case 'atomic':
    case 'look':
      return [node.body]
    case 'condition':
      return [node.yes, node.no]
    default:
      return []
  }
}

/** The least and the greatest number of code points that a part can match. */
function lengths(node: Regex): [number, number] {
  switch (node.type) {
    case 'set':
      return [1, 1]
    case 'sequence':
      return node.parts.map(lengths).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0])
    case 'choice': {
      const all = node.parts.map(lengths)
      return [Math.min(...all.map(([min]) => min)), Math.max(...all.map(([, max]) => max))]
    }
    case 'group':
    case 'atomic':
      return lengths(node.body)
    case 'repeat': {
      const [min, max] = lengths(node.body)
      return [min * node.min, max === 0 ? 0 : max * node.max]
    }
    case 'backreference':
    case 'call':
      return [0, Infinity]
    case 'condition': {
      const [yes, no] = [lengths(node.yes), lengths(node.no)]
      return [Math.min(yes[0], no[0]), Math.max(yes[1], no[1])]
    }
    default:
      return [0, 0]
  }
}

/** What every match begins with, where that is known. */
function firstOf(node: Regex): CodeTest | undefined {
  switch (node.type) {
    case 'set':
      return node.test
    case 'sequence': {
      const start = node.parts.find((part) => part.type !== 'empty' && part.type !== 'at')
      return start === undefined ? undefined : firstOf(start)
    }
    case 'choice': {
      const tests = node.parts.map(firstOf)
      return tests.every((test) => test !== undefined)
        ? (code) => tests.some((test) => test(code))
        : undefined
    }
    case 'group':
    case 'atomic':
      return firstOf(node.body)
    case 'repeat':
      return node.min > 0 ? firstOf(node.body) : undefined
    default:
      return undefined
  }
}
