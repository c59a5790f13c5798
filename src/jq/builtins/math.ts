/** Built-ins on numbers, after C's math library. */
import { checked, described } from '../arithmetic.ts'
import { raise } from '../errors.ts'
import { state } from '../limits.ts'
import type { Json } from '../values.ts'
import type { Builtin } from './builtin.ts'
import { plain, withValues } from './builtin.ts'
import * as special from './special-functions.ts'

type Unary = (x: number) => number
type Binary = (x: number, y: number) => number

const unary: Readonly<Record<string, Unary>> = {
  ...{
    floor: Math.floor,
    ceil: Math.ceil,
    trunc: Math.trunc,
    sqrt: Math.sqrt,
    cbrt: Math.cbrt,
    fabs: Math.abs,
  },
  ...{ sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos, atan: Math.atan },
  ...{
    sinh: Math.sinh,
    cosh: Math.cosh,
    tanh: Math.tanh,
    asinh: Math.asinh,
    acosh: Math.acosh,
    atanh: Math.atanh,
  },
  ...{
    exp: Math.exp,
    expm1: Math.expm1,
    log: Math.log,
    log1p: Math.log1p,
    log2: Math.log2,
    log10: Math.log10,
  },
  exp2: (x) => 2 ** x,
  exp10: (x) => 10 ** x,
  pow10: (x) => 10 ** x,
  round: (x) => (x < 0 ? -Math.round(-x) : Math.round(x)),
  rint: special.roundToEven,
  nearbyint: special.roundToEven,
  significand: (x) => (x === 0 || !Number.isFinite(x) ? x : special.split(x).fraction * 2),
  logb: (x) => (x === 0 ? -Infinity : Number.isFinite(x) ? special.split(x).exponent - 1 : Math.abs(x)),
  gamma: special.lgamma,
  lgamma: special.lgamma,
  tgamma: special.tgamma,
  erf: special.erf,
  erfc: (x) => special.erfc(x),
  j0: (x) => special.besselJ(0, x),
  j1: (x) => special.besselJ(1, x),
  y0: (x) => special.besselY(0, x),
  y1: (x) => special.besselY(1, x),
}

const binary: Readonly<Record<string, Binary>> = {
  atan2: Math.atan2,
  copysign: (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
  drem: special.remainder,
  remainder: special.remainder,
  fdim: (x, y) => (x !== x || y !== y ? Number.NaN : x > y ? x - y : 0),
  fmax: (x, y) => (x !== x ? y : y !== y ? x : Math.max(x, y)),
  fmin: (x, y) => (x !== x ? y : y !== y ? x : Math.min(x, y)),
  fmod: (x, y) => x % y,
  hypot: Math.hypot,
  jn: (n, x) => special.besselJ(Math.trunc(n), x),
  yn: (n, x) => special.besselY(Math.trunc(n), x),
  ldexp: (x, y) => special.scale(x, Math.trunc(y)),
  scalb: (x, y) => special.scale(x, y),
  scalbln: (x, y) => special.scale(x, Math.trunc(y)),
  nextafter: special.nextAfter,
  nexttoward: special.nextAfter,
  pow: special.power,
}

function numeric(value: Json): number {
  return typeof value === 'number' ? value : raise(`${described(value)} number required`)
}

function frexp(input: Json): Json {
  const x = numeric(input)
  if (x === 0 || !Number.isFinite(x)) return [checked(x), 0]
  const { fraction, exponent } = special.split(x)
  return [fraction, exponent]
}

function modf(input: Json): Json {
  const x = numeric(input)
  const whole = Math.trunc(x)
  return [Number.isFinite(x) ? x - whole : x !== x ? checked(x) : x > 0 ? 0 : -0, checked(whole)]
}

function lgammaWithSign(input: Json): Json {
  const x = numeric(input)
  const isNegative = x < 0 && Math.floor(x) % 2 !== 0 && !Number.isInteger(x)
  return [checked(special.lgamma(x)), isNegative ? -1 : 1]
}

function unwritable(value: number): () => Json {
  return () => {
    state.unwritable = true
    return value
  }
}

function abs(input: Json): Json {
  if (typeof input === 'number') return input < 0 ? -input : input
  return input === null || typeof input === 'boolean' ? raise(`${described(input)} cannot be negated`) : input
}

export const math: readonly Builtin[] = [
  ...Object.entries(unary).map(([name, f]) => plain(name, (input) => checked(f(numeric(input))))),
  ...Object.entries(binary).map(([name, f]) =>
    withValues(name, 2, (_, x, y) => checked(f(numeric(x), numeric(y)))),
  ),
  withValues('fma', 3, (_, x, y, z) => checked(numeric(x) * numeric(y) + numeric(z))),
  plain('abs', abs),
  plain('frexp', frexp),
  plain('modf', modf),
  plain('lgamma_r', lgammaWithSign),
  plain('infinite', unwritable(Infinity)),
  plain('nan', unwritable(Number.NaN)),
  plain('isinfinite', (input) => input === Infinity || input === -Infinity),
  plain('isnan', (input) => typeof input === 'number' && input !== input),
  plain(
    'isnormal',
    (input) => typeof input === 'number' && Number.isFinite(input) && Math.abs(input) >= 2 ** -1022,
  ),
  plain('isfinite', (input) => typeof input === 'number' && Math.abs(input) !== Infinity),
  plain('have_decnum', () => false),
  plain('have_literal_numbers', () => false),
]
