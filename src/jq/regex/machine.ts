/**
 * Matches by backtracking, as Oniguruma does, but with its own stack and with every step counted against the
 * limits of the evaluation. So a pattern that backtracks without end, such as `(a+)+$`, ends in a clear error.
 */
import { LimitReached } from '../errors.ts'
import { spend } from '../limits.ts'
import { fold, isWord } from './classes.ts'
import type { Instruction, Program } from './program.ts'
import type { Where } from './syntax.ts'

export interface SearchOptions {
  /** Of all matches at a place the longest, not the first. */
  readonly longest: boolean
  readonly notEmpty: boolean
}

/** Kinds of entries of the stack: places to come back to, and old values to put back on the way. */
const choice = 0
const shrink = 1
const extend = 2
const slot = 3
const counter = 4
const counterStart = 5
const caller = 6

/** Numbers on the stack; it takes eight bytes for each. */
const largestStack = 2 ** 24

/** Instructions of the machine for one step of the filter. */
const perStep = 8

export class Machine {
  private readonly code: readonly Instruction[]
  private readonly program: Program
  private readonly text: readonly number[]
  private readonly slots: Int32Array
  private readonly counts: Int32Array
  private readonly starts: Int32Array
  private readonly stack: number[] = []
  private readonly callers: { readonly back: number; readonly up: number }[] = []
  private callerNow = -1
  private searchStart = 0
  private budget = perStep
  /** Where `goBack` went. */
  private pc = 0
  private position = 0

  /** @param text the code points of the subject */
  constructor(program: Program, text: readonly number[]) {
    this.program = program
    this.code = program.code
    this.text = text
    this.slots = new Int32Array(program.slots).fill(-1)
    this.counts = new Int32Array(program.counters)
    this.starts = new Int32Array(program.counters)
  }

  /** The bounds of the first match from `start` on and of its groups, -1 for none; `undefined` for no match. */
  search(start: number, options: SearchOptions): Int32Array | undefined {
    const { first } = this.program
    this.searchStart = start
    for (let at = start; at <= this.text.length; at++) {
      this.tick()
      if (first !== undefined && (at === this.text.length || !first(this.text[at] as number))) continue
      const end = this.matchAt(at, options)
      if (end === -1) continue
      this.slots[0] = at
      this.slots[1] = end
      return this.slots.slice()
    }
    return undefined
  }

  private matchAt(start: number, { longest, notEmpty }: SearchOptions): number {
    this.stack.length = 0
    this.callers.length = 0
    this.callerNow = -1
    this.slots.fill(-1)
    let end = this.run(0, start, 0)
    if (!longest) {
      while (notEmpty && end === start) end = this.resume(0)
      return end
    }
    let best = -1
    let kept: Int32Array | undefined
    for (; end !== -1; end = this.resume(0)) {
      if (end <= best || (notEmpty && end === start)) continue
      best = end
      kept = this.slots.slice()
    }
    if (kept !== undefined) this.slots.set(kept)
    return best
  }

  private tick(): void {
    if (--this.budget > 0) return
    this.budget = perStep
    spend(1)
  }

  /** Goes on from the last choice above `base`; the end of the match, or -1. */
  private resume(base: number): number {
    return this.goBack(base) ? this.run(this.pc, this.position, base) : -1
  }

  /** Takes the machine back to the last choice above `base`; false where there is none. */
  private goBack(base: number): boolean {
    const { stack } = this
    while (stack.length > base) {
      const kind = stack.pop() as number
      const c = stack.pop() as number
      const b = stack.pop() as number
      const a = stack.pop() as number
      switch (kind) {
        case choice:
          return this.goTo(a, b)
        case shrink:
          if (b > c) this.push(shrink, a, b - 1, c)
          return this.goTo(a, b)
        case extend: {
          const instruction = this.code[a - 1] as Extract<Instruction, { op: 'run' }>
          if (c === 0 || b >= this.text.length || !instruction.test(this.text[b] as number)) break
          this.push(extend, a, b + 1, c - 1)
          return this.goTo(a, b + 1)
        }
        case slot:
          this.slots[a] = b
          break
        case counter:
          this.counts[a] = b
          break
        case counterStart:
          this.starts[a] = b
          break
        default:
          this.callerNow = a
      }
    }
    return false
  }

  private goTo(pc: number, position: number): boolean {
    this.pc = pc
    this.position = position
    return true
  }

  private push(kind: number, a: number, b: number, c: number): void {
    if (this.stack.length > largestStack)
      throw new LimitReached('A regular expression left too many ways to go back to.')
    this.stack.push(a, b, c, kind)
  }

  /** Runs from an instruction at a position until an `accept`; the end of the match, or -1. */
  private run(from: number, at: number, base: number): number {
    const { code, text } = this
    let pc = from
    let position = at
    for (;;) {
      this.tick()
      const instruction = code[pc] as Instruction
      let matches = true
      pc++
      switch (instruction.op) {
        case 'set':
          matches = position < text.length && instruction.test(text[position] as number)
          position++
          break
        case 'split':
          this.push(choice, instruction.second, position, 0)
          pc = instruction.first
          break
        case 'jump':
          pc = instruction.to
          break
        case 'save':
          this.push(slot, instruction.slot, this.slots[instruction.slot] as number, 0)
          this.slots[instruction.slot] = position
          break
        case 'run': {
          const end = this.runOf(instruction, pc, position)
          matches = end !== -1
          position = end
          break
        }
        case 'begin':
          this.setCounter(instruction.counter, 0, -1)
          break
        case 'again':
          pc = this.again(instruction, pc, position)
          break
        case 'turn':
          this.setCounter(instruction.counter, (this.counts[instruction.counter] as number) + 1, position)
          pc = instruction.body
          break
        case 'at':
          matches = this.isAt(instruction.where, position)
          break
        case 'atomic': {
          const end = this.apart(pc, position)
          matches = end !== -1
          position = end
          pc = instruction.to
          break
        }
        case 'look':
          matches = this.look(instruction, pc, position) !== instruction.negative
          pc = instruction.to
          break
        case 'backreference': {
          const end = this.backreference(instruction, position)
          matches = end !== -1
          position = end
          break
        }
        case 'call':
          this.push(caller, this.callerNow, 0, 0)
          this.callerNow = this.callers.push({ back: pc, up: this.callerNow }) - 1
          pc = instruction.to
          break
        case 'return': {
          const { back, up } = this.callers[this.callerNow] as { back: number; up: number }
          this.push(caller, this.callerNow, 0, 0)
          this.callerNow = up
          pc = back
          break
        }
        case 'condition':
          if (!instruction.numbers.some((number) => this.slots[2 * number + 1] !== -1)) pc = instruction.no
          break
        case 'accept':
          return position
      }
      if (matches) continue
      if (!this.goBack(base)) return -1
      pc = this.pc
      position = this.position
    }
  }

  /** Takes as much of a run as it may, and leaves a way back. */
  private runOf(instruction: Extract<Instruction, { op: 'run' }>, next: number, position: number): number {
    const { text } = this
    const { test, min, max, lazy } = instruction
    const least = position + min
    const most = lazy ? least : Math.min(text.length, position + max)
    let end = position
    while (end < most && end < text.length && test(text[end] as number)) {
      this.tick()
      end++
    }
    if (end < least) return -1
    if (lazy) this.push(extend, next, end, max === Infinity ? -1 : max - min)
    else if (end > least && !instruction.keep) this.push(shrink, next, end - 1, least)
    return end
  }

  /** At the end of a turn of a loop: once more (by the `turn` behind it), or on. A turn that matched nothing is the last. */
  private again(loop: Extract<Instruction, { op: 'again' }>, next: number, position: number): number {
    const count = this.counts[loop.counter] as number
    const isIdle = this.starts[loop.counter] === position
    const on = next + 1
    if (count < loop.min && !isIdle) return next
    if (count >= loop.max || isIdle) return on
    this.push(choice, loop.lazy ? next : on, position, 0)
    return loop.lazy ? on : next
  }

  private setCounter(index: number, count: number, start: number): void {
    this.push(counter, index, this.counts[index] as number, 0)
    this.push(counterStart, index, this.starts[index] as number, 0)
    this.counts[index] = count
    this.starts[index] = start
  }

  private isAt(where: Where, position: number): boolean {
    const { text } = this
    switch (where) {
      case 'start':
        return position === 0
      case 'end':
        return position === text.length
      case 'finalLine':
        return position === text.length || (position === text.length - 1 && text[position] === 10)
      case 'lineStart':
        return position === 0 || (text[position - 1] === 10 && position < text.length)
      case 'lineEnd':
        return position === text.length || text[position] === 10
      case 'searchStart':
        return position === this.searchStart
      case 'word':
        return this.isBoundary(position)
      case 'notWord':
        return !this.isBoundary(position)
    }
  }

  private isBoundary(position: number): boolean {
    const before = position > 0 && isWord(this.text[position - 1] as number)
    const after = position < this.text.length && isWord(this.text[position] as number)
    return before !== after
  }

  /** Matches a part on its own and forgets its choices, but not how to put its captures back. */
  private apart(from: number, position: number): number {
    const base = this.stack.length
    const end = this.run(from, position, base)
    if (end !== -1) this.forgetChoices(base)
    return end
  }

  private forgetChoices(base: number): void {
    const { stack } = this
    let kept = base
    for (let i = base; i < stack.length; i += 4) {
      if ((stack[i + 3] as number) < slot) continue
      for (let j = 0; j < 4; j++) stack[kept + j] = stack[i + j] as number
      kept += 4
    }
    stack.length = kept
  }

  private look(instruction: Extract<Instruction, { op: 'look' }>, from: number, position: number): boolean {
    const base = this.stack.length
    let found = false
    if (!instruction.behind) {
      found = this.run(from, position, base) !== -1
    } else {
      const last = Math.max(0, position - instruction.max)
      for (let start = position - instruction.min; start >= last && !found; start--) {
        let end = this.run(from, start, base)
        while (end !== -1 && end !== position) end = this.resume(base)
        found = end === position
      }
    }
    if (!found) return false
    this.forgetChoices(base)
    if (instruction.negative) this.resume(base)
    return true
  }

  private backreference(
    instruction: Extract<Instruction, { op: 'backreference' }>,
    position: number,
  ): number {
    for (const number of instruction.numbers.toReversed()) {
      const start = this.slots[2 * number] as number
      const end = this.slots[2 * number + 1] as number
      if (start === -1 || end === -1) continue
      if (this.repeats(start, end, position, instruction.ignoreCase)) return position + end - start
    }
    return -1
  }

  private repeats(start: number, end: number, position: number, ignoreCase: boolean): boolean {
    const { text } = this
    if (position + end - start > text.length) return false
    for (let i = start; i < end; i++) {
      this.tick()
      const a = text[i] as number
      const b = text[position + i - start] as number
      if (a !== b && !(ignoreCase && fold(a) === fold(b))) return false
    }
    return true
  }
}
