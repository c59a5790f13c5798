import { fault, type Json } from '../../workflow/index.ts'

/** A scalar field's value from JSON. Throws a `validation` fault where it does not fit, also for want of range. */
export function scalarFromJson(type: string, value: Json | boolean, at: string): unknown {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'bool':
      if (typeof value === 'boolean') return value
      break
    case 'bytes':
      if (typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value))
        return Buffer.from(value, 'base64')
      break
    case 'double':
    case 'float': {
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
      const number = numberOf(value)
      if (number !== undefined) return number
      break
    }
    default: {
      const range = ranges[type]
      const integer = integerOf(value)
      if (!range || integer === undefined) break
      if (integer < range[0] || integer > range[1]) {
        throw fault('validation', `'${at}' is ${integer}, which is outside of what ${type} holds.`)
      }
      if (!/64$/.test(type)) return Number(integer)
      const bits = BigInt.asUintN(64, integer)
      return { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0 }
    }
  }
  throw fault('validation', `'${at}' is no ${type}.`)
}

const ranges: { readonly [type: string]: readonly [bigint, bigint] } = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  sfixed32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
}

function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function integerOf(value: Json): bigint | undefined {
  if (typeof value === 'string' && /^-?\d{1,30}$/.test(value)) return BigInt(value)
  const number = numberOf(value)
  return number !== undefined && Number.isInteger(number) ? BigInt(number) : undefined
}

/** A scalar as JSON; what was not sent is the type's default. */
export function scalarToJson(type: string, value: unknown): Json {
  switch (type) {
    case 'string':
      return (value ?? '') as string
    case 'bool':
      return (value ?? false) as boolean
    case 'bytes':
      return Buffer.from((value ?? []) as Uint8Array).toString('base64')
    case 'double':
    case 'float': {
      const number = (value ?? 0) as number
      if (!Number.isFinite(number)) return String(number)
      return type === 'float' ? shortest(number) : number
    }
    default:
      return /64$/.test(type) ? String(value ?? 0) : ((value ?? 0) as number)
  }
}

/** 0.1 as a float comes back as 0.10000000149011612: the shortest number that is the same float says what was meant. */
function shortest(number: number): number {
  for (let digits = 1; digits < 10; digits += 1) {
    const candidate = Number(number.toPrecision(digits))
    if (Math.fround(candidate) === number) return candidate
  }
  return number
}
