import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listWorkflows } from '../servers/temporal/ask.ts'
import { hasTemporal } from '../servers/temporal/index.ts'
import { openClients, type Clients } from './clients.ts'
import {
  allReady,
  kill,
  kinds,
  noteRecorded,
  outage,
  readiness,
  rollingRestart,
  type Kind,
  type Recovery,
} from './disruptions.ts'
import { openInstallation, type Installation } from './installation.ts'
import { seeEachOther } from './together.ts'

/** More by hand: `SLUSE_TEST_CRASH_ROUNDS=10 npx vitest run test/cluster/killed.test.ts`. */
const rounds = Number(process.env.SLUSE_TEST_CRASH_ROUNDS ?? 1)
const clientCount = 200 * Math.max(1, Math.floor(rounds / 5))
const records = 2000 * rounds
const seed = Number(process.env.SLUSE_TEST_SEED ?? 20_261_125)

/** Who starts what: client `n` starts the pipeline `n % 5`. */
const pipelines = ['steps', 'event', 'parent', 'approved', 'steps'] as const
const numbers = Array.from({ length: clientCount }, (_, n) => n)
const counted = numbers.filter((n) => n % 5 === 0)
const pushed = numbers.filter((n) => n % 20 === 0)
/** Suspended before their event comes, and resumed after it. */
const held = numbers.filter((n) => n % 10 === 1)

describe.skipIf(!hasTemporal())(
  `an installation under ${clientCount} runs and a transfer, killed part by part`,
  () => {
    let installation: Installation
    let clients: Clients
    const recoveries: Recovery[] = []
    /** Ids as the clients were told, by client. */
    const acknowledged = new Map<number, string>()
    /** How those stood that had been suspended, when their event had come. */
    const whileHeld = new Map<number, string>()
    let transfer: string
    let together: Awaited<ReturnType<typeof seeEachOther>>
    let exitCodes: readonly (number | null)[]
    /** What was first asked for around the rolling restart, and asked for again. */
    let repeated: object
    let ended: { id: string; name: string; status: string; n?: unknown }[]
    let readyAgain: readonly unknown[]
    let round = 0

    beforeAll(
      async () => {
        installation = await openInstallation()
        clients = openClients(installation)
        let text = ''
        for (let id = 0; id < records; id++) text += `{"id":${id},"name":"Person ${id}"}\n`
        writeFileSync(join(installation.folder, 'in.ndjson'), text)
        await installation.query(
          'target',
          'CREATE TABLE people (id integer PRIMARY KEY, name text, twice integer)',
        )
        await installation.start()

        together = await seeEachOther(installation)
        const random = seeded(seed)
        const plan = Array.from({ length: rounds }, () => shuffled(kinds, random)).flat()
        transfer = await clients.run('move', 0)
        const stopDeciding = clients.decideAll()
        const all = Promise.all(numbers.map((n) => client(n, plan.length + 1)))
        for (const kind of plan) {
          round++
          await pause(400 + random() * 800)
          recoveries.push(await kill(kind, Math.floor(random() * 2), installation, clients))
        }
        round++
        await allReady(installation)
        await noteRecorded(installation)
        const recovered = Date.now()
        await pause(400 + random() * 800)
        exitCodes = await rollingRestart(installation)
        round++
        await all
        ended = await rest()
        repeated = installation.systems.repeatedSince(recovered)
        await stopDeciding()
        readyAgain = await Promise.all(installation.members.map(({ url }) => readiness(url)))
        report(recoveries)
      },
      (120_000 + kinds.length * outage) * rounds + 180_000,
    )

    afterAll(() => installation?.close())

    /** Starts run `n`, and does what it waits for; some of it twice although it was acknowledged. */
    async function client(n: number, plan: number): Promise<void> {
      while (round <= Math.floor((n * plan) / clientCount)) await pause(50)
      await pause(Math.random() * 1500)
      const pipeline = pipelines[n % pipelines.length] as (typeof pipelines)[number]
      const id = await clients.run(pipeline, n)
      acknowledged.set(n, id)
      await pause(Math.random() * 1000)
      if (held.includes(n)) await clients.order(id, 'suspend')
      if (pipeline === 'event') await clients.publish('cluster.go', n)
      if (held.includes(n)) {
        await pause(Math.random() * 1000)
        whileHeld.set(n, (await clients.get<{ status: string }>(`/api/v1/runs/${id}`)).status)
        await clients.order(id, 'resume')
      }
      if (counted.includes(n)) await clients.publish('cluster.count', n)
      if (pushed.includes(n)) await clients.push(n)
      if (n % 3 > 0) return
      if (counted.includes(n)) await clients.publish('cluster.count', n)
      if (pushed.includes(n)) await clients.push(n)
      expect(await clients.run(pipeline, n)).toBe(id)
    }

    /** When nothing is under way any more and each event has had its run; or how it stands after two minutes. */
    async function rest(): Promise<typeof ended> {
      for (const until = Date.now() + 120_000; ;) {
        const open = await clients.runs('status=pending,running,waiting,suspended')
        const all = open.length === 0 ? await clients.runs('') : []
        const others = clientCount / 5 + counted.length + pushed.length
        const expected = clientCount + others + ['move', 'late'].length
        if (all.length >= expected || Date.now() > until) {
          const found = all.length > 0 ? all : await clients.runs('')
          return Promise.all(
            found.map(async (run) => {
              const output = await outputOf(run)
              return { ...run, n: output?.n }
            }),
          )
        }
        await pause(200)
      }
    }

    const outputOf = async ({ id, status }: { id: string; status: string }) =>
      status === 'completed' ? clients.get<{ n?: unknown } | null>(`/api/v1/runs/${id}/output`) : undefined

    it('was killed in the middle of its work, and everything under way went on', () => {
      expect(recoveries.filter(({ underWay }) => underWay > 0).length).toBeGreaterThan(recoveries.length / 2)
      expect(recoveries.flatMap(({ kind, stuck }) => stuck.map((id) => `${kind}: ${id}`))).toEqual([])
    })

    it('says so while a server is away: an API server takes on what can wait, a worker does not', () => {
      const said = {
        Temporal: { api: 'degraded', worker: 'no-temporal' },
        PostgreSQL: { api: 'not-writable', worker: 'not-writable' },
      }
      for (const { kind, ready } of recoveries) {
        const expected = Object.entries(said).find(([name]) => kind.startsWith(name))?.[1]
        if (expected)
          expect([kind, ready]).toEqual([
            kind,
            [expected.api, expected.api, expected.worker, expected.worker],
          ])
      }
      expect(readyAgain).toEqual(installation.members.map(() => 'ready'))
    })

    it('sees at each API server what the other has deployed, started and decided', () => {
      expect(together).toMatchObject({ deployed: true, ended: 'completed' })
    })

    it('repeats nothing where all its processes are restarted one after the other', () => {
      expect(exitCodes).toEqual([0, 0, 0, 0])
      expect(repeated).toEqual({})
    })

    it('ends every run that was acknowledged as it must, and has no other', () => {
      const all = ended.map(({ id, name, status, n }) => [id, name, status, n])
      const named = (name: string) => all.filter(([, of]) => of === name)
      const main = numbers.map((n) => [acknowledged.get(n), pipelines[n % pipelines.length], 'completed', n])
      const names = [...new Set(pipelines)]
      expect(new Set(names.flatMap(named))).toEqual(new Set(main))
      expect(named('child')).toHaveLength(named('parent').length)
      expect(all.filter(([, , status]) => status !== 'completed')).toEqual([])
    })

    it('holds what is suspended, until it is resumed', () => {
      expect([...whileHeld]).toEqual(expect.arrayContaining(held.map((n) => [n, 'suspended'])))
    })

    it('leaves no workflow behind in Temporal', async () => {
      const open = () => listWorkflows(installation.temporal, "ExecutionStatus = 'Running'")
      await expect.poll(open, { timeout: 30_000 }).toEqual([])
    })

    it('refuses nothing that is right', () => {
      expect(clients.refusals).toEqual([])
    })

    it('loses no acknowledged event and handles none twice', () => {
      const found = ended.filter(({ name }) => name === 'counter').map(({ n }) => Number(n))
      expect(found.sort((one, other) => one - other)).toEqual(counted)
    })

    it('delivers each record that was pushed, each push once', () => {
      const { records: found } = installation.systems
      const paths = [...found.keys()].filter((path) => path.startsWith('/pushed/'))
      expect(new Set(paths)).toEqual(new Set(pushed.map((n) => `/pushed/${n}`)))
      expect(ended.filter(({ name }) => name === 'received')).toHaveLength(pushed.length)
    })

    it('never calls again where the answer was recorded, and under one key always for the same', () => {
      const { again, differing, effects } = installation.systems
      expect([again, differing]).toEqual([[], []])
      const perRun = { steps: 3, event: 2, parent: 3, approved: 1 }
      const ofMain = numbers.map((n) => perRun[pipelines[n % pipelines.length] as keyof typeof perRun])
      expect(effects.size).toBe(ofMain.reduce((sum, each) => sum + each, 0) + counted.length + 1)
    })

    it('has each record of the transfer exactly once at each target', async () => {
      const output = await clients.get(`/api/v1/runs/${transfer}/output`)
      const counts = { delivered: records, refused: 0 }
      expect(output).toMatchObject({
        ...{ read: records, records, deadLetters: 0 },
        targets: { systems: counts, target: counts, file: counts },
      })
      const right = Array.from({ length: records }, (_, id) => ({ id, name: `Person ${id}`, twice: id * 2 }))
      const moved = [...installation.systems.records].flatMap(([path, text]) =>
        path.startsWith('/moved/') ? [JSON.parse(text) as { id: number }] : [],
      )
      expect(moved.sort((one, other) => one.id - other.id)).toEqual(right)
      const rows = await installation.query('target', 'SELECT id, name, twice FROM people ORDER BY id')
      expect(rows).toEqual(right)
    })

    it('has an audit log whose chain holds', async () => {
      expect(await clients.get('/api/v1/audit/verify')).toMatchObject({ ok: true, faults: [] })
    })
  },
)

/** As a table, in seconds. */
function report(all: readonly Recovery[]): void {
  const seconds = (values: number[]) => {
    const sorted = values.filter(Number.isFinite).sort((one, other) => one - other)
    const median = sorted[Math.floor(sorted.length / 2)] ?? NaN
    return `${(median / 1000).toFixed(1)} (${((sorted.at(-1) ?? NaN) / 1000).toFixed(1)})`
  }
  const lines = kinds.flatMap((kind: Kind) => {
    const of = all.filter((one) => one.kind === kind)
    if (of.length === 0) return []
    const [back, acknowledged, effect, whole] = (['back', 'acknowledged', 'effect', 'all'] as const).map(
      (name) => seconds(of.map((one) => one[name])),
    )
    return [
      `${kind} killed ${of.length} times, ${of.map((one) => one.underWay).join('+')} runs under way; seconds from the kill, median (longest): back ${back}, acknowledged ${acknowledged}, effect ${effect}, all go on ${whole}`,
    ]
  })
  console.info(lines.join('\n'))
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all
    .map((one) => [random(), one] as const)
    .sort(([one], [other]) => one - other)
    .map(([, one]) => one)
}

function seeded(start: number): () => number {
  let state = start
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}
