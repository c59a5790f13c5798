import { Guard } from '../src/resilience/index.ts'

/** What the policy layer costs a call: the same call bare, and through a guard with the built-in policies. */
export async function run(): Promise<void> {
  const guard = new Guard({
    policies: [],
    classify: () => ({ transient: false, targetIsWell: true, away: false }),
    random: Math.random,
    longestWaitMs: 5000,
  })
  const { signal } = new AbortController()
  const operation = () => Promise.resolve(1)
  const target = guard.targetOf('http://127.0.0.1:1/')
  const call = { repeatable: () => true, attempt: 0, signal }

  const bare = await nanoseconds(operation)
  const guarded = await nanoseconds(() => guard.run(target, call, operation))
  const server = await localCall()
  const real = await nanoseconds(server.call, 3000)
  await server.close()
  const extra = guarded - bare
  console.log(`bare call                 ${bare.toFixed(0)} ns`)
  console.log(`guarded call              ${guarded.toFixed(0)} ns (${extra.toFixed(0)} ns more)`)
  console.log(
    `HTTP call on loopback     ${real.toFixed(0)} ns: the guard adds ${((extra / real) * 100).toFixed(2)} %`,
  )
}

/** The best of several rounds: what others do on this machine only adds. */
async function nanoseconds(work: () => Promise<unknown>, calls = 100_000): Promise<number> {
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
