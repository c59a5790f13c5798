import { afterEach, describe, expect, it } from 'vitest'
import { openFolder, type Running } from '../../src/cli/testing/command.ts'
import { faults, openFaultyNetwork, type Fault, type FaultyNetwork } from '../servers/faulty-network/index.ts'

/** To each target. */
const deliveries = 1000
const patient = { timeout: 150_000, interval: 250 }

const concurrency = 16
/** The breaker opens at this many failures in a row, and lets one try each second. */
const trip = 20
const openMs = 1000

let network: FaultyNetwork
let folder: ReturnType<typeof openFolder>
let server: Running | undefined
afterEach(async () => {
  server?.process.kill('SIGKILL')
  await server?.done
  folder.remove()
  await network.close()
})

const policies = `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: network }
spec:
  policies:
    timeouts: { DefaultTimeoutPolicy: 1500ms }
    retries:
      DefaultRetryPolicy: { policy: exponential, duration: 20ms, maxInterval: 500ms, maxRetries: -1 }
    circuitBreakers:
      DefaultCircuitBreakerPolicy: { maxRequests: 1, timeout: ${openMs}ms, trip: consecutiveFailures >= ${trip} }
  targets: {}
`
const connection = (fault: Fault, url: string) => `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: '${fault}', annotations: { sluse/max-concurrent: '${concurrency}' } }
spec: { baseUrl: '${url}/${fault}' }
`
const pipeline = (
  url: string,
) => `document: { dsl: '1.0.3', namespace: test, name: deliver, version: '1.0.0' }
schedule: { on: { one: { with: { type: test.deliver } } } }
do:
  - send:
      call: http
      with:
        method: post
        endpoint: '\${ "${url}/" + .[0].data.to + "/in" }'
        body: { item: '\${ .[0].data.item }' }
`

async function open() {
  network = await openFaultyNetwork()
  folder = openFolder({
    'policies/network.yaml': policies,
    'connections/targets.yaml': faults.map((fault) => connection(fault, network.url)).join('---\n'),
    'pipelines/deliver.yaml': pipeline(network.url),
  })
  server = folder.start(['serve', '--port', '0', '--output', 'json', '--log-level', 'error'])
  const [, url = ''] = await server.until(/"url": "(http:[^"]+)"/)
  return url
}

/** Accepted events are durable: from here on all of them must arrive, whatever the network does. */
async function publish(url: string, to: Fault) {
  for (let from = 0; from < deliveries; from += 200) {
    const batch = Array.from({ length: Math.min(200, deliveries - from) }, (_, index) => ({
      specversion: '1.0',
      id: `${to}-${from + index}`,
      source: '/test',
      type: 'test.deliver',
      data: { to, item: from + index },
    }))
    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(batch),
    })
    expect(answer.status).toBe(202)
  }
}

interface TargetAnswer {
  waiting: number
  queued: number
  breaker: { state: string }
}
const target = async (url: string, name: Fault) =>
  (await (await fetch(`${url}/api/v1/targets/${name}`)).json()) as TargetAnswer

describe('a faulty network between the server and its targets', () => {
  it(
    'takes no delivery away and doubles none, whatever it does to them; and a dead target is left in peace',
    { timeout: 180_000 },
    async () => {
      const url = await open()
      const began = Date.now()
      for (const fault of faults) await publish(url, fault)

      for (const fault of faults.filter((each) => each !== 'dead')) {
        await expect.poll(() => network.taken[fault].size, { ...patient, message: fault }).toBe(deliveries)
        const items = [...network.taken[fault].values()].map(
          ({ body }) => (JSON.parse(body) as { item: number }).item,
        )
        expect(new Set(items).size, fault).toBe(deliveries)
        // It did meet faults, and sent again what it could not know the end of.
        expect(network.requests[fault], fault).toBeGreaterThan(deliveries)
      }
      await expect
        .poll(async () => (await target(url, 'dead')).waiting, patient)
        .toBeGreaterThan(deliveries - 100)

      expect(network.taken.dead.size).toBe(0)
      // Those that were under way when it opened, and one a second from then on.
      const seconds = Math.ceil((Date.now() - began) / openMs)
      expect(network.requests.dead).toBeLessThanOrEqual(trip + concurrency + seconds)
      network.revive()
      await expect.poll(() => network.taken.dead.size, patient).toBe(deliveries)
      expect([...network.taken.dead.values()].every(({ times }) => times === 1)).toBe(true)
    },
  )
})
