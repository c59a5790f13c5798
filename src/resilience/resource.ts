import { parseGoDuration } from './go-duration.ts'
import { parseCodeRanges, type RetryPolicy } from './retry.ts'
import { compileTrip, defaultTrip } from './trip.ts'
import type { BreakerSettings } from './breaker.ts'

/**
 * Reads a Dapr `Resiliency` resource (`dapr.io/v1alpha1`), given as plain data. All that is wrong is told at once,
 * each with its JSON pointer; `policies` holds what could be read.
 */
export function readResiliency(resource: unknown): { policies: ResiliencyPolicies; complaints: Complaint[] } {
  const reader = new Reader()
  const root = reader.object(resource, '', ['apiVersion', 'kind', 'metadata', 'scopes', 'spec', 'version'])
  const spec = reader.object(root.spec ?? reader.missing('/spec'), '/spec', ['policies', 'targets'])
  for (const part of ['policies', 'targets']) {
    if (root.spec !== undefined && spec[part] === undefined) reader.missing(`/spec/${part}`)
  }
  const named = reader.object(spec.policies ?? {}, '/spec/policies', [
    'timeouts',
    'retries',
    'circuitBreakers',
  ])
  const targets = reader.object(spec.targets ?? {}, '/spec/targets', ['apps', 'actors', 'components'])

  const policies: ResiliencyPolicies = {
    scopes: Array.isArray(root.scopes) ? root.scopes.filter((it) => typeof it === 'string') : [],
    timeouts: reader.map(named.timeouts, '/spec/policies/timeouts', (value, at) =>
      reader.duration(value, at),
    ),
    retries: reader.map(named.retries, '/spec/policies/retries', (value, at) => readRetry(reader, value, at)),
    breakers: reader.map(named.circuitBreakers, '/spec/policies/circuitBreakers', (value, at) =>
      readBreaker(reader, value, at),
    ),
    apps: new Map(),
    components: new Map(),
  }
  const names = (value: unknown, at: string, more: string[] = []): PolicyNames =>
    readNames(reader, policies, value, at, more)
  policies.apps = reader.map(targets.apps, '/spec/targets/apps', (value, at) =>
    names(value, at, ['circuitBreakerCacheSize']),
  )
  policies.components = reader.map(targets.components, '/spec/targets/components', (value, at) => {
    const directions = reader.object(value, at, ['inbound', 'outbound'])
    return {
      ...(directions.inbound === undefined ? {} : { inbound: names(directions.inbound, `${at}/inbound`) }),
      ...(directions.outbound === undefined
        ? {}
        : { outbound: names(directions.outbound, `${at}/outbound`) }),
    }
  })
  // Sluse has no actors; a file that also serves Dapr applications may name them, so they are checked and left.
  reader.map(targets.actors, '/spec/targets/actors', (value, at) =>
    names(value, at, ['circuitBreakerScope', 'circuitBreakerCacheSize']),
  )
  return { policies, complaints: reader.complaints }
}

export interface ResiliencyPolicies {
  /** The applications that it is for; none named: for all. */
  scopes: string[]
  timeouts: Map<string, number>
  retries: Map<string, RetryPolicy>
  breakers: Map<string, BreakerSettings>
  apps: Map<string, PolicyNames>
  components: Map<string, { inbound?: PolicyNames; outbound?: PolicyNames }>
}

export interface PolicyNames {
  timeout?: string
  retry?: string
  circuitBreaker?: string
}

export interface Complaint {
  pointer: string
  message: string
  todo: string
}

function readRetry(reader: Reader, value: unknown, at: string): RetryPolicy {
  const retry = reader.object(value, at, ['policy', 'duration', 'maxInterval', 'maxRetries', 'matching'])
  const matching = reader.object(retry.matching ?? {}, `${at}/matching`, [
    'httpStatusCodes',
    'gRPCStatusCodes',
  ])
  const kind = reader.oneOf(retry.policy, `${at}/policy`, ['constant', 'exponential'] as const) ?? 'constant'
  const exponential = kind === 'exponential'
  return {
    kind,
    durationMs:
      reader.optional(retry.duration, (it) => reader.duration(it, `${at}/duration`)) ??
      (exponential ? 500 : 5000),
    maxIntervalMs:
      reader.optional(retry.maxInterval, (it) => reader.duration(it, `${at}/maxInterval`)) ?? 60_000,
    maxRetries: reader.optional(retry.maxRetries, (it) => reader.integer(it, `${at}/maxRetries`, -1)) ?? -1,
    httpStatusCodes: reader.codes(matching.httpStatusCodes, `${at}/matching/httpStatusCodes`, 100, 599),
    grpcStatusCodes: reader.codes(matching.gRPCStatusCodes, `${at}/matching/gRPCStatusCodes`, 0, 16),
  }
}

function readBreaker(reader: Reader, value: unknown, at: string): BreakerSettings {
  const breaker = reader.object(value, at, ['maxRequests', 'interval', 'timeout', 'trip'])
  return {
    maxRequests:
      reader.optional(breaker.maxRequests, (it) => reader.integer(it, `${at}/maxRequests`, 0)) || 1,
    intervalMs: reader.optional(breaker.interval, (it) => reader.duration(it, `${at}/interval`)) ?? 0,
    timeoutMs: reader.optional(breaker.timeout, (it) => reader.duration(it, `${at}/timeout`)) ?? 60_000,
    trip: reader.trip(breaker.trip, `${at}/trip`),
  }
}

function readNames(
  reader: Reader,
  policies: ResiliencyPolicies,
  value: unknown,
  at: string,
  more: string[],
): PolicyNames {
  const given = reader.object(value, at, ['timeout', 'retry', 'circuitBreaker', ...more])
  const names: PolicyNames = {}
  const kinds = [
    ['timeout', policies.timeouts],
    ['retry', policies.retries],
    ['circuitBreaker', policies.breakers],
  ] as const
  for (const [kind, declared] of kinds) {
    const name = given[kind]
    if (name === undefined) continue
    if (typeof name === 'string' && declared.has(name)) names[kind] = name
    else {
      reader.complain(
        `${at}/${kind}`,
        `No ${kind} policy is named ${JSON.stringify(name)}.`,
        declared.size > 0
          ? `Use one of: ${[...declared.keys()].join(', ')}.`
          : 'Declare it under spec.policies.',
      )
    }
  }
  return names
}

/** Reads values and notes what is wrong with them, so that all of it is told and not only the first. */
class Reader {
  readonly complaints: Complaint[] = []

  complain(pointer: string, message: string, todo: string): void {
    this.complaints.push({ pointer, message, todo })
  }

  missing(pointer: string): undefined {
    this.complain(pointer, 'This is missing.', 'A Resiliency resource has spec.policies and spec.targets.')
    return undefined
  }

  object(value: unknown, at: string, known: readonly string[]): Record<string, unknown> {
    if (value === undefined) return {}
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.complain(at, 'This must be a mapping.', `Give it as a mapping of: ${known.join(', ')}.`)
      return {}
    }
    for (const key of Object.keys(value)) {
      if (known.length > 0 && !known.includes(key)) {
        this.complain(
          `${at}/${escapePointer(key)}`,
          `"${key}" is not known here.`,
          `Known here: ${known.join(', ')}.`,
        )
      }
    }
    return value as Record<string, unknown>
  }

  map<T>(value: unknown, at: string, read: (value: unknown, at: string) => T): Map<string, T> {
    const entries = Object.entries(this.object(value ?? {}, at, []))
    return new Map(entries.map(([name, entry]) => [name, read(entry, `${at}/${escapePointer(name)}`)]))
  }

  optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
    return value === undefined || value === null ? undefined : read(value)
  }

  duration(value: unknown, at: string): number {
    const milliseconds = typeof value === 'string' ? parseGoDuration(value) : undefined
    if (milliseconds !== undefined) return milliseconds
    this.complain(at, `${JSON.stringify(value)} is not a duration.`, 'Write it like 500ms, 15s, 2m or 1h30m.')
    return 0
  }

  integer(value: unknown, at: string, min: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min) return value
    this.complain(at, `${JSON.stringify(value)} is not a whole number from ${min}.`, 'Give a whole number.')
    return min
  }

  oneOf<T extends string>(value: unknown, at: string, choices: readonly T[]): T | undefined {
    if (value === undefined) return undefined
    const choice = choices.find((it) => it === value)
    if (choice === undefined) {
      this.complain(
        at,
        `${JSON.stringify(value)} is not one of the choices.`,
        `Use one of: ${choices.join(', ')}.`,
      )
    }
    return choice
  }

  codes(value: unknown, at: string, min: number, max: number): RetryPolicy['httpStatusCodes'] {
    if (value === undefined || value === '') return undefined
    const text = typeof value === 'number' ? String(value) : value
    const ranges = typeof text === 'string' ? parseCodeRanges(text, min, max) : undefined
    if (!ranges) {
      this.complain(
        at,
        `${JSON.stringify(value)} is not a list of status codes.`,
        `Write codes and ranges from ${min} to ${max}, like 429,500-599.`,
      )
    }
    return ranges
  }

  trip(value: unknown, at: string): BreakerSettings['trip'] {
    if (value !== undefined && typeof value !== 'string') {
      this.complain(at, 'The condition must be a text.', `Write it in CEL, like ${defaultTrip}.`)
    } else {
      try {
        return compileTrip(value ?? defaultTrip)
      } catch (error) {
        const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
        this.complain(
          at,
          `The condition is not valid: ${why}`,
          `Write it in CEL over the counts, like ${defaultTrip} or totalFailures > 10.`,
        )
      }
    }
    return compileTrip(defaultTrip)
  }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
