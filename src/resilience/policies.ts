import type { BreakerSettings } from './breaker.ts'
import type { PolicyNames, ResiliencyPolicies } from './resource.ts'
import type { RetryPolicy } from './retry.ts'
import { compileTrip } from './trip.ts'

/** Who is called: a system that `connections/` names, or a host that nobody named. */
export interface Target {
  kind: 'app' | 'component'
  /** The connection's name, or the origin of a URL. */
  name: string
  /** Components only. */
  direction?: 'inbound' | 'outbound'
  /** Components only: the building block of a Dapr type, such as `binding`, `pubsub` or `statestore`. */
  block?: string
}

/** Names a target among all: `app:finance`, `component:outbound:orders`. */
export function keyOf({ kind, name, direction }: Target): string {
  return kind === 'app' ? `app:${name}` : `component:${direction ?? 'outbound'}:${name}`
}

export function targetFromKey(key: string): Target | undefined {
  const [, app, direction, component] = /^(?:app:(.+)|component:(inbound|outbound):(.+))$/s.exec(key) ?? []
  if (app !== undefined) return { kind: 'app', name: app }
  if (component === undefined) return undefined
  return { kind: 'component', name: component, direction: direction === 'inbound' ? 'inbound' : 'outbound' }
}

/** What holds for one target. Where a part is `undefined`, there is none. */
export interface Policy {
  timeoutMs: number | undefined
  retry: RetryPolicy | undefined
  breaker: BreakerSettings | undefined
  /** Where each part comes from: the policy's name, or `built-in`. */
  origin: { timeout: string; retry: string; breaker: string }
}

/**
 * Finds the policy of a target as Dapr does: a policy that names the target, else the default policies from the most
 * specific to the broadest (`DefaultBindingComponentOutboundRetryPolicy` … `DefaultRetryPolicy`), else what is built
 * in. Each part is looked up by itself. A target that is named but leaves a part out has none of it from the defaults:
 * Dapr's reading, so that the same file means the same here and there; our built-in safety still holds.
 */
export function policyFor(target: Target, resources: readonly ResiliencyPolicies[]): Policy {
  const timeout = find(target, resources, 'timeout', (it) => it.timeouts)
  const retry = find(target, resources, 'retry', (it) => it.retries)
  const breaker = find(target, resources, 'circuitBreaker', (it) => it.breakers)
  return {
    timeoutMs: timeout ? timeout.policy : builtIn.timeoutMs,
    retry: retry ? retry.policy : builtIn.retry,
    breaker: breaker ? breaker.policy : builtIn.breaker,
    origin: {
      timeout: timeout?.name ?? 'built-in',
      retry: retry?.name ?? 'built-in',
      breaker: breaker?.name ?? 'built-in',
    },
  }
}

/**
 * On without asking. Retries happen only where repeating is safe; see `guard.ts`. The timeouts are the client's own
 * (connecting, the first byte, silence, the whole): they know a long download from a target that is gone.
 */
export const builtIn = {
  timeoutMs: undefined,
  retry: {
    kind: 'exponential',
    durationMs: 500,
    maxIntervalMs: 30_000,
    maxRetries: 3,
    httpStatusCodes: [
      [408, 408],
      [425, 425],
      [429, 429],
      [500, 500],
      [502, 504],
    ],
    grpcStatusCodes: [
      [4, 4],
      [8, 8],
      [14, 14],
    ],
  } satisfies RetryPolicy,
  breaker: {
    maxRequests: 1,
    intervalMs: 60_000,
    timeoutMs: 30_000,
    // More than Dapr's five: the tries of one patient pipeline alone must not open it.
    trip: compileTrip('consecutiveFailures > 20'),
  } satisfies BreakerSettings,
}

function find<T>(
  target: Target,
  resources: readonly ResiliencyPolicies[],
  part: keyof PolicyNames,
  declared: (resource: ResiliencyPolicies) => Map<string, T>,
): { name: string; policy: T } | undefined {
  const named = resources.filter((resource) => namesOf(target, resource) !== undefined)
  for (const resource of named) {
    const name = namesOf(target, resource)?.[part]
    const policy = name === undefined ? undefined : declared(resource).get(name)
    if (name !== undefined && policy !== undefined) return { name, policy }
  }
  if (named.length > 0) return undefined
  for (const keyword of keywords(target)) {
    const name = `Default${keyword}${suffix[part]}`
    for (const resource of resources) {
      const policy = declared(resource).get(name)
      if (policy !== undefined) return { name, policy }
    }
  }
  return undefined
}

const suffix: Record<keyof PolicyNames, string> = {
  timeout: 'TimeoutPolicy',
  retry: 'RetryPolicy',
  circuitBreaker: 'CircuitBreakerPolicy',
}

function namesOf(target: Target, resource: ResiliencyPolicies): PolicyNames | undefined {
  if (target.kind === 'app') return resource.apps.get(target.name)
  return resource.components.get(target.name)?.[target.direction ?? 'outbound']
}

/** From the most specific to the broadest. */
function keywords(target: Target): string[] {
  if (target.kind === 'app') return ['App', '']
  const direction = target.direction === 'inbound' ? 'Inbound' : 'Outbound'
  const block = target.block === undefined ? '' : capital(target.block)
  return [`${block}Component${direction}`, `Component${direction}`, 'Component', '']
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
