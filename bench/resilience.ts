import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../src/database/index.ts'
import { databaseMembers, Member } from '../src/members/index.ts'
import { databaseStore, Guard, Sharing, type GuardClock } from '../src/resilience/index.ts'
import { postgresBinaries, startPostgres } from '../test/servers/postgres/index.ts'

/**
 * What the policy layer costs a call: the same call bare, through a guard with the built-in policies, and within limits
 * that are this process's own and those that it shares with others.
 */
export async function run(): Promise<void> {
  const operation = () => Promise.resolve(1)
  const bare = await nanoseconds(operation)
  const guarded = await nanoseconds(callsOf(guardWith({}), operation))
  const limited = await nanoseconds(callsOf(guardWith({ limits }), operation))
  const server = await localCall()
  const real = await nanoseconds(server.call, 3000)
  await server.close()
  const line = (name: string, ns: number) => {
    const extra = ns - bare
    const part = ((extra / real) * 100).toFixed(2)
    console.log(
      `${name.padEnd(42)} ${ns.toFixed(0)} ns (${extra.toFixed(0)} ns more: ${part} % of a real call)`,
    )
  }
  console.log(`${'bare call'.padEnd(42)} ${bare.toFixed(0)} ns`)
  console.log(`${'HTTP call on loopback'.padEnd(42)} ${real.toFixed(0)} ns`)
  line('guarded call', guarded)
  line('within limits of this process', limited)
  if (postgresBinaries()) await runShared(operation, line)
  else console.log('Limits that are shared need PostgreSQL: scripts/install-test-servers.sh.')
}

/** As high as may be: it is asked for, and never reached. */
const limits = { concurrency: 10_000, perSecond: 100_000 }

async function runShared(
  operation: () => Promise<unknown>,
  line: (name: string, ns: number) => void,
): Promise<void> {
  const postgres = await startPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-'))
  const { user, password, host, port, database } = postgres
  const url = `postgres://${user}:${password}@${host}:${port}/${database}`
  const opened: { close(): void | Promise<void> }[] = []
  const open = async (bounds: { concurrency?: number; perSecond?: number }) => {
    const store = await openDatabase({ folder, url, exclusive: false })
    const parts = { clock: systemTime, random: Math.random }
    const member = await Member.join({ store: databaseMembers(store), role: 'worker', version: '' })
    const sharing = await Sharing.open({ store: databaseStore(store), member, ...parts })
    opened.push(store, { close: () => member.leave() }, sharing)
    return guardWith({ limits: bounds, sharing })
  }
  try {
    line(
      'within a shared number at once',
      await nanoseconds(callsOf(await open({ concurrency: 10_000 }), operation)),
    )
    line('within a shared rate, too', await nanoseconds(callsOf(await open(limits), operation)))

    const [one, other] = [await open({ concurrency: 1 }), await open({ concurrency: 1 })]
    const began = performance.now()
    await callsOf(one, operation, 'first')()
    console.log(`the first call, which asks for a place       ${(performance.now() - began).toFixed(1)} ms`)
    const calls = await handedOver(one, other)
    console.log(`one place, two processes that want it always ${calls.each} calls of 5 ms in 4 s`)
  } finally {
    for (const each of opened.reverse()) await each.close()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How often each of two calls a target that takes one call at a time. Alone it would be 800 in the time. */
async function handedOver(...guards: readonly Guard[]): Promise<{ each: string }> {
  const until = performance.now() + 4000
  const counts = await Promise.all(
    guards.map(async (guard) => {
      let count = 0
      const call = callsOf(guard, () => new Promise((done) => setTimeout(done, 5)), 'second')
      const worker = async () => {
        for (; performance.now() < until; count++) await call()
      }
      await Promise.all([worker(), worker(), worker()])
      return count
    }),
  )
  return { each: counts.join(' and ') }
}

function guardWith({ limits, sharing }: { limits?: object; sharing?: Sharing }): Guard {
  const names = ['target', 'first', 'second']
  return new Guard({
    policies: [],
    connections: names.map((name) => ({ target: { kind: 'app', name }, settings: { limits: limits ?? {} } })),
    classify: () => ({ transient: false, targetIsWell: true, away: false }),
    random: Math.random,
    longestWaitMs: 5000,
    ...(sharing && { sharing }),
  })
}

function callsOf(guard: Guard, operation: () => Promise<unknown>, name = 'target'): () => Promise<unknown> {
  const { signal } = new AbortController()
  const call = { repeatable: () => true, attempt: 0, signal }
  const target = { kind: 'app', name } as const
  return () => guard.run(target, call, operation)
}

const systemTime: GuardClock = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}

/** The best of several rounds: what others do on this machine only adds. */
async function nanoseconds(work: () => Promise<unknown>, calls = 50_000): Promise<number> {
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const began = process.hrtime.bigint()
    for (let i = 0; i < calls; i++) await work()
    best = Math.min(best, Number(process.hrtime.bigint() - began) / calls)
  }
  return best
}

async function localCall() {
  const { createServer } = await import('node:http')
  const { createHttpClient } = await import('../src/http/index.ts')
  const server = createServer((_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const http = createHttpClient()
  const access = { secrets: {}, signal: new AbortController().signal }
  return {
    call: () => http.send({ method: 'GET', uri: `http://127.0.0.1:${port}/` }, access),
    close: async () => {
      await http.close()
      server.closeAllConnections()
      server.close()
    },
  }
}
