/**
 * A target that is down for an hour while 10,000 deliveries wait for it: what that costs, and how soon all have
 * arrived once it is back. The hour is skipped by a clock that runs ahead; all else is real: the engine and its disk,
 * the guard, calls over HTTP.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { classifyCall, createActivityRunner } from '../src/activities/index.ts'
import { openDatabase } from '../src/database/index.ts'
import { openEmbeddedEngine, type Clock } from '../src/engines/index.ts'
import { Guard } from '../src/resilience/index.ts'
import { load, type Definition } from '../src/workflow/definition/index.ts'

const single = 9_900
const ordered = 100
const halfMinute = 30_000

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-'))
  const target = await openTarget()
  const clock = new SkippingClock()
  const guard = new Guard({
    policies: [],
    connections: [
      {
        target: { kind: 'app', name: 'archive' },
        baseUrl: target.url,
        settings: { limits: { concurrency: 32 } },
      },
    ],
    classify: classifyCall,
    clock: { now: () => clock.now(), after: (ms, wake) => clock.wakeAt(clock.now() + ms, wake) },
    random: Math.random,
    longestWaitMs: 5000,
  })
  const activities = createActivityRunner({ guard, dataFolder: folder })
  const database = await openDatabase({ folder })
  const engine = await openEmbeddedEngine({ database, gatekeeper: guard, activities, clock, log: () => {} })
  await engine.deploy([deliver(target.url), inOrder(target.url)])
  const start = (name: string, input: object) =>
    engine.start({ definition: { namespace: 'bench', name, version: 'latest' }, input: { ...input } })
  const attempts = () => guard.find('archive')?.attempts ?? 0
  const atRest = () => until(() => engine.health().liveRuns === 0 && engine.health().activitiesRunning === 0)

  try {
    await target.close()
    const empty = heap()
    const batch = await start('in-order', {})
    for (let from = 0; from < single; from += 300) {
      await Promise.all(
        Array.from({ length: Math.min(300, single - from) }, (_, index) =>
          start('deliver', { item: from + index }),
        ),
      )
      await atRest()
    }
    console.log(
      `heap: ${megabytes(empty)} before, ${megabytes(heap())} with ${single + ordered} deliveries waiting`,
    )

    const called = attempts()
    const most = { heap: 0, awake: 0 }
    for (let half = 0; half < 120; half++) {
      const before = attempts()
      clock.skip(halfMinute)
      await until(() => attempts() > before)
      await atRest()
      if (half % 10 === 0) most.heap = Math.max(most.heap, heap())
    }
    console.log(
      `an hour down: ${attempts() - called} calls to the target; heap at most ${megabytes(most.heap)}`,
    )
    const cpu = process.cpuUsage()
    await delay(5000)
    const used = process.cpuUsage(cpu)
    console.log(
      `5 s of waiting in real time: ${((used.user + used.system) / 1000).toFixed(0)} ms of processor time`,
    )

    await target.listen()
    const began = performance.now()
    const before = process.cpuUsage()
    clock.skip(halfMinute)
    await until(() => {
      most.awake = Math.max(most.awake, engine.health().liveRuns)
      return target.items.size >= single + ordered
    })
    const seconds = (performance.now() - began) / 1000
    const spent = process.cpuUsage(before)
    await engine.outcome(batch.id)
    const sorted = target.inOrder.every((item, index) => item === index)
    console.log(
      `back: all ${target.items.size} delivered in ${seconds.toFixed(1)} s, ${((spent.user + spent.system) / 1e6).toFixed(1)} s of processor time (${Math.round(target.items.size / seconds)} a second), ` +
        `at most ${target.most} at once, ${most.awake} runs in memory; a sequence ${sorted ? 'in order' : 'OUT OF ORDER'}; ` +
        `${target.calls - target.items.size} sent twice`,
    )
    await atRest()
    console.log(`heap after: ${megabytes(heap())}`)
  } finally {
    guard.stop()
    await engine.close(0)
    await activities.close()
    await database.close()
    await target.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Real time, of which some is skipped. */
class SkippingClock implements Clock {
  #ahead = 0
  readonly #waiting = new Map<() => void, { at: number; timer: NodeJS.Timeout }>()

  now(): number {
    return Date.now() + this.#ahead
  }

  wakeAt(at: number, wake: () => void): () => void {
    const call = () => {
      if (this.#waiting.delete(call)) wake()
    }
    this.#waiting.set(call, {
      at,
      timer: setTimeout(call, Math.min(Math.max(0, at - this.now()), 2 ** 31 - 1)),
    })
    return () => {
      clearTimeout(this.#waiting.get(call)?.timer)
      this.#waiting.delete(call)
    }
  }

  skip(ms: number): void {
    this.#ahead += ms
    for (const [call, { at, timer }] of [...this.#waiting]) {
      clearTimeout(timer)
      const rest = Math.max(0, at - this.now())
      this.#waiting.set(call, { at, timer: setTimeout(call, Math.min(rest, 2 ** 31 - 1)) })
    }
  }
}

async function openTarget() {
  const state = { calls: 0, running: 0, most: 0, items: new Set<string>(), inOrder: [] as number[] }
  let server: Server | undefined
  let port = 0
  const listen = async () => {
    server = createServer((request, response) => {
      state.calls += 1
      state.most = Math.max(state.most, ++state.running)
      const [, kind = '', item = ''] = request.url?.split('/') ?? []
      request.resume().on('end', () => {
        state.running -= 1
        state.items.add(`${kind}/${item}`)
        if (kind === 'ordered') state.inOrder.push(Number(item))
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  await listen()
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    listen,
    close: async () => {
      server?.closeAllConnections()
      await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
      server = undefined
    },
  })
}

const deliver = (url: string) =>
  definition(
    'deliver',
    `  - send: { call: http, with: { method: put, endpoint: { uri: '${url}/single/{item}' }, body: '\${ . }' } }`,
  )

const inOrder = (url: string) =>
  definition(
    'in-order',
    `  - each:
      for: { each: item, in: '\${ [range(${ordered})] }' }
      do:
        - send: { call: http, with: { method: put, endpoint: { uri: '\${ "${url}/ordered/\\($item)" }' }, body: { n: 1 } } }`,
  )

function definition(name: string, tasks: string): Definition {
  const loaded = load(
    `document: { dsl: '1.0.3', namespace: bench, name: ${name}, version: '1.0.0' }\ndo:\n${tasks}\n`,
  )
  if (loaded.definition) return loaded.definition
  throw new Error(loaded.findings.map(({ message }) => message).join(' '))
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await delay(2)
}

function heap(): number {
  global.gc?.()
  return process.memoryUsage().heapUsed
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
