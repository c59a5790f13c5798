import type { Limits } from './limits.ts'
import type { Target } from './policies.ts'

/** What a connection says of the system that it leads to, beyond how to reach it. */
export interface ConnectionTarget {
  readonly target: Target
  /** Of an `HTTPEndpoint`: calls to addresses below it are calls to this target. */
  readonly baseUrl?: string
  readonly settings: TargetSettings
}

/** What the annotations of a connection declare. */
export interface TargetSettings {
  readonly limits: Limits
  /** While the breaker is open, a call waits for it to close, or fails at once; else the pipeline decides. */
  readonly whenOpen?: 'wait' | 'fail'
}

/** The annotations, on a Dapr `Component` or `HTTPEndpoint`. Dapr itself has no word for any of them. */
export const annotationNames = {
  concurrency: 'sluse/max-concurrent',
  perSecond: 'sluse/max-per-second',
  whenOpen: 'sluse/when-open',
} as const

const prefix = 'sluse/'

/** Reads the annotations of a connection; all that is wrong with ours is told, each with the annotation's name. */
export function readAnnotations(annotations: unknown): {
  settings: TargetSettings
  complaints: readonly { name: string; message: string }[]
} {
  const complaints: { name: string; message: string }[] = []
  const given = Object.entries(
    typeof annotations === 'object' && annotations !== null ? (annotations as Record<string, unknown>) : {},
  ).filter(([name]) => name.startsWith(prefix))
  const limits: Limits = {}
  let whenOpen: TargetSettings['whenOpen']
  for (const [name, value] of given) {
    const number =
      typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : NaN
    if (name === annotationNames.concurrency) {
      if (isConcurrency(number)) limits.concurrency = number
      else complaints.push({ name, message: 'It must be a whole number from 1 to 10000, as text.' })
    } else if (name === annotationNames.perSecond) {
      if (isPerSecond(number)) limits.perSecond = number
      else complaints.push({ name, message: 'It must be a number above 0 and up to 100000, as text.' })
    } else if (name === annotationNames.whenOpen) {
      if (value === 'wait' || value === 'fail') whenOpen = value
      else complaints.push({ name, message: 'It must be `wait` or `fail`.' })
    } else {
      const known = Object.values(annotationNames).join(', ')
      complaints.push({ name, message: `There is no such annotation; there are ${known}.` })
    }
  }
  return { settings: { limits, ...(whenOpen && { whenOpen }) }, complaints }
}

export function isConcurrency(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 10_000
}

export function isPerSecond(value: number): boolean {
  return Number.isFinite(value) && value > 0 && value <= 100_000
}

/**
 * Whom a call to this address calls: the connection whose `baseUrl` it lies below, the longest first; else a target
 * that nobody named, which is known by its origin.
 */
export function targetOf(uri: string, connections: readonly ConnectionTarget[]): Target {
  const url = addressOf(uri)
  if (!url) return { kind: 'app', name: uri.slice(0, 200) }
  let best: { target: Target; length: number } | undefined
  for (const { target, baseUrl } of connections) {
    const base = baseUrl === undefined ? undefined : addressOf(baseUrl)
    if (!base || base.origin !== url.origin) continue
    const path = base.pathname.replace(/\/+$/, '')
    if (url.pathname !== path && !url.pathname.startsWith(`${path}/`)) continue
    if (!best || path.length > best.length) best = { target, length: path.length }
  }
  return best?.target ?? { kind: 'app', name: url.origin }
}

/** Of gRPC only the transport counts. An origin has no user and no password. */
function addressOf(text: string): URL | undefined {
  const http = text.replace(/^grpc(s?):/i, 'http$1:')
  return URL.canParse(http) && /^https?:/i.test(http) ? new URL(http) : undefined
}
