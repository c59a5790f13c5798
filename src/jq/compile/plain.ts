/** `.`, literals, strings with interpolations, formats, `|` and `,`. */
import type { NodeOf } from '../ast.ts'
import { checked, concat } from '../arithmetic.ts'
import { applyFormat } from '../formats.ts'
import type { Json } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { valueFilter } from './filter.ts'
import type { Emit, Env, Many, Paths, Single } from './filter.ts'
import { Filter, manyFrom } from './filter.ts'
import type { Scope } from './scope.ts'

const identity = new Filter(
  (input) => input,
  (input, _env, emit) => emit(input),
  () => (place, input, _env, emit) => emit(place, input),
)

export function compileIdentity(): Filter {
  return identity
}

export function compileLiteral(node: NodeOf<'literal'>): Filter {
  const { value } = node
  return valueFilter(typeof value === 'number' ? () => checked(value) : () => value)
}

export function compileFormat(node: NodeOf<'format'>): Filter {
  const { name } = node
  return valueFilter((input) => applyFormat(name, input))
}

export function compileString(c: Compiler, node: NodeOf<'string'>, scope: Scope): Filter {
  const { format } = node
  const parts = node.parts.map((part) => (typeof part === 'string' ? part : c.compile(part, scope)))
  const singles = parts.map((part) => (typeof part === 'string' ? part : part.single))
  if (singles.every((part) => part !== undefined)) return valueFilter(interpolateSingles(singles, format))
  const last = parts.length - 1
  /** The last interpolation turns slowest, as in any chain of `+`. */
  const from = (at: number, suffix: string, input: Json, env: Env, emit: Emit): boolean => {
    if (at < 0) return emit(suffix)
    const part = parts[at] as string | Filter
    if (typeof part === 'string') return from(at - 1, concat(part, suffix), input, env, emit)
    return part.many(input, env, (value) =>
      from(at - 1, concat(applyFormat(format, value) as string, suffix), input, env, emit),
    )
  }
  return valueFilter(undefined, (input, env, emit) => from(last, '', input, env, emit))
}

/** From the last part to the first, so that errors come in jq's order. */
function interpolateSingles(parts: readonly (string | Single)[], format: string): Single {
  return (input, env) => {
    let text = ''
    for (let i = parts.length - 1; i >= 0; i--) {
      const part = parts[i] as string | Single
      if (typeof part === 'string') {
        text = concat(part, text)
        continue
      }
      const value = part(input, env)
      if (value === undefined) return undefined
      const shown =
        format === 'text' && typeof value === 'string' ? value : (applyFormat(format, value) as string)
      text = concat(shown, text)
    }
    return text
  }
}

export function compilePipe(c: Compiler, node: NodeOf<'pipe'>, scope: Scope, tail: boolean): Filter {
  const last = node.parts.length - 1
  let isTail = tail
  const filters = node.parts.map((part, i) => {
    const filter = c.compile(part, scope, isTail && i === last)
    isTail &&= filter.single !== undefined
    return filter
  })
  return pipeAll(filters.filter((filter) => filter !== identity))
}

/** Halves a long pipeline again and again, so that it is not as deep as it is long. */
function pipeAll(filters: readonly Filter[]): Filter {
  if (filters.length <= 2) {
    const [first = identity, second] = filters
    return second === undefined ? first : pipe(first, second)
  }
  const middle = filters.length >> 1
  return pipe(pipeAll(filters.slice(0, middle)), pipeAll(filters.slice(middle)))
}

function pipe(left: Filter, right: Filter): Filter {
  const makePaths = (): Paths => {
    const first = left.paths
    const second = right.paths
    return (place, input, env, emit) =>
      first(place, input, env, (there, value) => second(there, value, env, emit))
  }
  if (left.single !== undefined) {
    const first = left.single
    if (right.single !== undefined) {
      const single = pipeSingles(first, right.single)
      return new Filter(single, manyFrom(single), makePaths)
    }
    const second = right.many
    const many: Many = (input, env, emit) => {
      const value = first(input, env)
      return value === undefined ? false : second(value, env, emit)
    }
    return new Filter(undefined, many, makePaths)
  }
  const first = left.many
  if (right.single !== undefined) {
    const second = right.single
    const many: Many = (input, env, emit) =>
      first(input, env, (value) => {
        const result = second(value, env)
        return result === undefined ? false : emit(result)
      })
    return new Filter(undefined, many, makePaths)
  }
  const second = right.many
  const many: Many = (input, env, emit) => first(input, env, (value) => second(value, env, emit))
  return new Filter(undefined, many, makePaths)
}

function pipeSingles(first: Single, second: Single): Single {
  return (input, env) => {
    const value = first(input, env)
    return value === undefined ? undefined : second(value, env)
  }
}

export function compileComma(c: Compiler, node: NodeOf<'comma'>, scope: Scope, tail: boolean): Filter {
  const last = node.parts.length - 1
  const filters = node.parts.map((part, i) => c.compile(part, scope, tail && i === last))
  const parts = filters.map((filter) => filter.many)
  const many: Many = (input, env, emit) => {
    for (let i = 0; i < last; i++) if ((parts[i] as Many)(input, env, emit)) return true
    return (parts[last] as Many)(input, env, emit)
  }
  return new Filter(undefined, many, () => {
    const all = filters.map((filter) => filter.paths)
    return (place, input, env, emit) => all.some((paths) => paths(place, input, env, emit))
  })
}
