/**
 * Reads a duration as Dapr's resources write it (Go's `time.ParseDuration`): `300ms`, `1.5h`, `2h45m`, `0`.
 * Returns milliseconds, or `undefined` where it is not one, or is negative.
 */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (
    !/^\+?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/.test(text)
  )
    return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? NaN)
  }
  return total
}

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
