import { describe, expect, it } from 'vitest'
import { parseGoDuration } from './go-duration.ts'
import { policyFor } from './policies.ts'
import { readResiliency } from './resource.ts'
import { parseCodeRanges, retries, retryDelayMs } from './retry.ts'

const resource = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Resiliency',
  metadata: { name: 'municipal' },
  spec: {
    policies: {
      timeouts: { short: '2s', DefaultComponentOutboundTimeoutPolicy: '1m30s' },
      retries: {
        patient: {
          policy: 'exponential',
          maxInterval: '15s',
          maxRetries: -1,
          matching: { httpStatusCodes: '429,500-599' },
        },
        DefaultRetryPolicy: { duration: '1s', maxRetries: 2 },
        DefaultAppRetryPolicy: { duration: '100ms', maxRetries: 5 },
      },
      circuitBreakers: { simple: { timeout: '30s', trip: 'consecutiveFailures >= 5' } },
    },
    targets: {
      apps: {
        finance: { timeout: 'short', retry: 'patient', circuitBreaker: 'simple' },
        archive: { timeout: 'short' },
      },
      components: { mailbox: { outbound: { retry: 'patient' } } },
    },
  },
}
const { policies, complaints } = readResiliency(resource)

describe('a Resiliency resource', () => {
  it('is read without complaint', () => {
    expect(complaints).toEqual([])
  })

  it('gives a named target its named policies', () => {
    const policy = policyFor({ kind: 'app', name: 'finance' }, [policies])
    expect(policy).toMatchObject({
      timeoutMs: 2000,
      origin: { timeout: 'short', retry: 'patient', breaker: 'simple' },
    })
    expect(policy.breaker).toMatchObject({ timeoutMs: 30_000, maxRequests: 1, intervalMs: 0 })
  })

  it('gives any other app the most specific default', () => {
    expect(policyFor({ kind: 'app', name: 'other' }, [policies])).toMatchObject({
      retry: { durationMs: 100, maxRetries: 5 },
      origin: { retry: 'DefaultAppRetryPolicy', timeout: 'built-in' },
    })
  })

  it('gives a named target no default for what its naming leaves out', () => {
    expect(policyFor({ kind: 'app', name: 'archive' }, [policies]).origin.retry).toBe('built-in')
  })

  it('finds component defaults by direction', () => {
    const outbound = policyFor({ kind: 'component', name: 'x', direction: 'outbound', block: 'binding' }, [
      policies,
    ])
    expect(outbound.timeoutMs).toBe(90_000)
    const inbound = policyFor({ kind: 'component', name: 'x', direction: 'inbound', block: 'binding' }, [
      policies,
    ])
    expect(inbound.origin).toMatchObject({ timeout: 'built-in', retry: 'DefaultRetryPolicy' })
  })

  it('is safe without any resource', () => {
    const policy = policyFor({ kind: 'app', name: 'anything' }, [])
    expect(policy.retry?.maxRetries).toBeGreaterThan(0)
    expect(policy.breaker).toBeDefined()
  })

  it('tells everything that is wrong at once, each with its pointer', () => {
    const wrong = readResiliency({
      spec: {
        policies: {
          timeouts: { t: '5 seconds' },
          retries: { r: { policy: 'linear', maxRetries: -2, matching: { httpStatusCodes: '600' } } },
          circuitBreakers: { b: { trip: 'failures > 5', resetAfter: '1s' } },
        },
        targets: { apps: { a: { retry: 'unknown' } } },
      },
    })
    expect(wrong.complaints.map((it) => it.pointer).sort()).toEqual([
      '/spec/policies/circuitBreakers/b/resetAfter',
      '/spec/policies/circuitBreakers/b/trip',
      '/spec/policies/retries/r/matching/httpStatusCodes',
      '/spec/policies/retries/r/maxRetries',
      '/spec/policies/retries/r/policy',
      '/spec/policies/timeouts/t',
      '/spec/targets/apps/a/retry',
    ])
  })

  it.each([null, [], 'text', { spec: [] }, { spec: { policies: 4 } }])(
    'is refused with a complaint: %j',
    (value) => {
      expect(readResiliency(value).complaints.length).toBeGreaterThan(0)
    },
  )
})

describe('a retry policy', () => {
  const patient = policies.retries.get('patient')
  if (!patient) throw new Error('the policy is declared above')

  it('waits longer each time, never longer than its greatest interval', () => {
    const waits = [1, 2, 3, 20].map((retry) => retryDelayMs(patient, retry, () => 0.5))
    expect(waits).toEqual([500, 750, 1125, 15_000])
  })

  it('ends after its number of retries', () => {
    const three = { ...patient, maxRetries: 3 }
    expect(retryDelayMs(three, 3, () => 0)).toBeDefined()
    expect(retryDelayMs(three, 4, () => 0)).toBeUndefined()
  })

  it('retries the statuses it names, and failures without one where that may help', () => {
    expect(
      [429, 503, 404, 200].map((httpStatus) => retries(patient, { transient: false, httpStatus })),
    ).toEqual([true, true, false, false])
    expect(retries(patient, { transient: true })).toBe(true)
    expect(retries(patient, { transient: false })).toBe(false)
  })

  it('refuses what is not a list of codes', () => {
    expect(parseCodeRanges('1xx', 100, 599)).toBeUndefined()
    expect(parseCodeRanges('500-400', 100, 599)).toBeUndefined()
  })
})

describe('a Go duration', () => {
  it.each([
    ['15s', 15_000],
    ['1h30m', 5_400_000],
    ['200ms', 200],
    ['1.5s', 1500],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseGoDuration(text)).toBe(milliseconds)
  })

  it.each(['', '5', '5 s', '-1s', '1d', 's', '1s2'])('%j is none', (text) => {
    expect(parseGoDuration(text)).toBeUndefined()
  })
})
