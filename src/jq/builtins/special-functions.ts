/** The parts of C's math library that JavaScript lacks. */

/** `x = fraction * 2 ** exponent` with the fraction in [0.5, 1), as C's `frexp`. */
export function split(x: number): { fraction: number; exponent: number } {
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(x))) + 1)
  let fraction = scale(x, -exponent)
  while (Math.abs(fraction) < 0.5) {
    fraction *= 2
    exponent--
  }
  while (Math.abs(fraction) >= 1) {
    fraction /= 2
    exponent++
  }
  return { fraction, exponent }
}

/** `x * 2 ** power`, in steps that do not overflow on the way. */
export function scale(x: number, power: number): number {
  if (x === 0 || !Number.isFinite(x)) return x
  if (power > 3000) return x > 0 ? Infinity : -Infinity
  if (power < -3000) return x > 0 ? 0 : -0
  let result = x
  let left = power
  for (; left > 1000; left -= 1000) result *= 2 ** 1000
  for (; left < -1000; left += 1000) result *= 2 ** -1000
  return result * 2 ** left
}

/** C's `pow`, which gives 1 for a base of ±1 or an exponent of 0 whatever the other is. */
export function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1
  return x ** y
}

export function roundToEven(x: number): number {
  const low = Math.floor(x)
  const rest = x - low
  if (rest < 0.5) return low === 0 && x < 0 ? -0 : low
  if (rest > 0.5) return low + 1 === 0 ? -0 : low + 1
  return low % 2 === 0 ? low : low + 1 === 0 ? -0 : low + 1
}

/** IEEE 754 remainder: what is left after the nearest whole multiple, ties to even. */
export function remainder(x: number, y: number): number {
  if (x !== x || y !== y || !Number.isFinite(x) || y === 0) return Number.NaN
  if (!Number.isFinite(y)) return x
  const divisor = Math.abs(y)
  let rest = Math.abs(x) % (2 * divisor)
  if (rest > divisor || (rest === divisor && false)) rest -= 2 * divisor
  if (rest > divisor / 2) rest -= divisor
  else if (rest <= -divisor / 2) rest = rest === -divisor / 2 ? rest : rest + divisor
  if (rest === divisor) rest = 0
  return x < 0 || Object.is(x, -0) ? -rest : rest
}

const view = new DataView(new ArrayBuffer(8))

export function nextAfter(x: number, y: number): number {
  if (x !== x || y !== y) return Number.NaN
  if (x === y) return y
  if (x === 0) return y > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  view.setBigInt64(0, x < y === x > 0 ? bits + 1n : bits - 1n)
  return view.getFloat64(0)
}

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

function lanczosSum(x: number): number {
  return lanczos
    .slice(1)
    .reduce((sum, coefficient, i) => sum + coefficient / (x + i + 1), lanczos[0] as number)
}

/** The logarithm of |Γ(x)|. */
export function lgamma(x: number): number {
  if (!Number.isFinite(x)) return x !== x ? x : Infinity
  if (x <= 0 && Number.isInteger(x)) return Infinity
  if (x === 1 || x === 2) return 0
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x)
  if (Number.isInteger(x) && x <= 171) return Math.log(factorial(x - 1))
  const shifted = x - 1
  const t = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(lanczosSum(shifted))
}

function factorial(n: number): number {
  let product = 1
  for (let i = 2; i <= n; i++) product *= i
  return product
}

export function tgamma(x: number): number {
  if (x === 0) return Object.is(x, -0) ? -Infinity : Infinity
  if (x === -Infinity || (x < 0 && Number.isInteger(x))) return Number.NaN
  if (x > 171.7) return Infinity
  if (Number.isInteger(x)) return factorial(x - 1)
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * tgamma(1 - x))
  const shifted = x - 1
  const t = shifted + 7.5
  return (
    Math.sqrt(2 * Math.PI) *
    t ** ((shifted + 0.5) / 2) *
    Math.exp(-t) *
    t ** ((shifted + 0.5) / 2) *
    lanczosSum(shifted)
  )
}

export function erf(x: number): number {
  if (x !== x) return x
  if (Math.abs(x) > 3) return Math.sign(x) * (1 - erfc(Math.abs(x)))
  let term = x
  let sum = x
  for (let n = 1; n < 200 && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

export function erfc(x: number): number {
  if (x < 2) return 1 - erf(x)
  if (x > 30) return 0
  let fraction = 0
  for (let n = 120; n > 0; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction))
}

/** Simpson's rule on a smooth function. */
function integrate(f: (t: number) => number, from: number, to: number, parts: number): number {
  const width = (to - from) / parts
  let sum = f(from) + f(to)
  for (let i = 1; i < parts; i++) sum += (i % 2 === 0 ? 2 : 4) * f(from + i * width)
  return (sum * width) / 3
}

/** Bessel's function of the first kind, by its integral, which this rule integrates to machine precision. */
export function besselJ(order: number, x: number): number {
  if (!Number.isFinite(x)) return x !== x ? x : 0
  const parts = 200 + 8 * Math.ceil(Math.min(Math.abs(x) + Math.abs(order), 10_000))
  return integrate((t) => Math.cos(order * t - x * Math.sin(t)), 0, Math.PI, parts) / Math.PI
}

/** Bessel's function of the second kind, for a positive `x`. */
export function besselY(order: number, x: number): number {
  if (x !== x || x < 0) return Number.NaN
  if (x === 0) return -Infinity
  if (x === Infinity) return 0
  const parts = 400 + 16 * Math.ceil(Math.min(x + Math.abs(order), 10_000))
  const wave = integrate((t) => Math.sin(x * Math.sin(t) - order * t), 0, Math.PI, parts)
  const sign = order % 2 === 0 ? 1 : -1
  const end = Math.asinh(750 / x) + 1
  const decay = integrate(
    (t) => {
      const weight = Math.exp(-x * Math.sinh(t))
      return weight === 0 ? 0 : (Math.exp(order * t) + sign * Math.exp(-order * t)) * weight
    },
    0,
    end,
    20_000,
  )
  return (wave - decay) / Math.PI
}
