import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEffects } from './effects-server.ts'
import { left, live, type Life } from './server-life.ts'

const clients = 100
const kills = 8

/** How things stand when all is at rest. */
interface Standing {
  /** Outputs by the id of the run. */
  mains: { [id: string]: unknown }
  /** Numbers of the events, or pairs of them, that had their run. */
  counted: number[]
  paired: number[]
  unfinished: unknown[]
}

let project: string
let effects: Awaited<ReturnType<typeof openEffects>>
let life: Promise<Life>
/** Ids of the runs as the clients were told, by number. */
let acknowledged: string[]
/** How many times the server has been up. */
let lives = 0
const underWay: number[] = []
const errors: string[] = []
let standing: Standing
let afterwards: Standing
let exitCode: number | null

const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * most))
const numbers = Array.from({ length: clients }, (_, n) => n)

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'sluse-crash-serve-'))
  effects = await openEffects()
  mkdirSync(join(project, 'pipelines'))
  for (const file of ['main.yaml', 'child.yaml', 'counter.yaml', 'pair.yaml']) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    writeFileSync(join(project, 'pipelines', file), text.replaceAll('http://effects.example', effects.url))
  }
  life = live(project)
  const done = Promise.all(numbers.map((n) => client(n)))
  for (let count = 0; count < kills; count++) {
    const killed = await life
    lives += 1
    await pause(1400)
    life = killed.end('SIGKILL').then(async () => {
      errors.push(...killed.errors)
      const found = await left(project)
      underWay.push(found.underWay)
      for (const key of found.recorded) effects.recorded.add(key)
      return live(project)
    })
  }
  lives += 1
  acknowledged = await done
  standing = await rest(-1)
  exitCode = await (await life).end('SIGTERM')
  errors.push(...(await life).errors)
  for (const key of (await left(project)).recorded) effects.recorded.add(key)
  life = live(project)
  afterwards = await rest(-2)
}, 300_000)

afterAll(async () => {
  await (await life.catch(() => undefined))?.end('SIGKILL')
  await effects.close()
  rmSync(project, { recursive: true, force: true })
})

/** Sends until it is answered with 2xx: whoever has no answer cannot know, and sends again. */
async function sent<T>(path: string, headers: { [name: string]: string }, body: unknown): Promise<T> {
  for (;;) {
    try {
      const { url } = await life
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
      const given = (await answer.json()) as T
      if (answer.ok) return given
    } catch {
      // It was killed, before it took this or after.
    }
    await pause(50)
  }
}

const single = { 'content-type': 'application/cloudevents+json' }
const event = (type: string, n: number) => {
  return { specversion: '1.0', id: `${type}-${n}`, source: '/crash', type, subject: String(n), data: { n } }
}

/** Each life has its share of the clients, however long a server takes to be up. */
async function arrival(n: number): Promise<void> {
  while (lives <= Math.floor((n * kills) / clients)) await pause(50)
  await pause(600)
}

/** Starts run `n` and publishes its events, and sends some twice although they were acknowledged. */
async function client(n: number): Promise<string> {
  await arrival(n)
  const path = '/api/v1/pipelines/crash/main/runs'
  const start = () => sent<{ id: string }>(path, { 'idempotency-key': `run-${n}` }, { input: { n } })
  const { id } = await start()
  const { data, specversion, ...attributes } = event('crash.count', n)
  const binary = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]))
  const batch = { 'content-type': 'application/cloudevents-batch+json' }
  const publications = [
    () => sent('/events', single, event('crash.go', n)),
    () => sent('/events', { ...binary, 'ce-specversion': specversion }, data),
    () => sent('/events', batch, [event('crash.left', n), event('crash.unheard', n)]),
    () => sent('/events', single, event('crash.right', n)),
  ]
  for (const publish of publications) {
    await pause(1200)
    await publish()
    if (Math.random() < 0.2) await publish()
  }
  return (await start()).id === id ? id : `another than ${id}`
}

/**
 * Events are looked at in order: once one that comes last has had its run, and nothing is under way, all is at rest.
 * Where that takes more than a minute, how things stand then.
 */
async function rest(last: number): Promise<Standing> {
  await sent('/events', single, event('crash.count', last))
  for (let tries = 600; ; tries--) {
    const open = await runs('status=pending,running,waiting,suspended')
    const counted = open.length === 0 ? await outputs<number>('counter') : []
    if (counted.some(({ output }) => output === last) || tries === 0) {
      const paired = await outputs<number[]>('pair')
      return {
        mains: Object.fromEntries((await outputs('main')).map(({ id, output }) => [id, output])),
        counted: inOrder(counted.map(({ output }) => output).filter((n) => n >= 0)),
        paired: inOrder(paired.flatMap(({ output }) => output)),
        unfinished: (await runs('')).filter(({ status }) => status !== 'completed'),
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function outputs<T>(name: string): Promise<{ id: string; output: T }[]> {
  const completed = await runs(`status=completed&name=${name}`)
  return Promise.all(
    completed.map(async ({ id }) => ({ id, output: await get<T>(`/api/v1/runs/${id}/output`) })),
  )
}

async function runs(query: string): Promise<{ id: string; status: string }[]> {
  type Page = { runs: { id: string; status: string }[]; next?: string }
  const found = []
  for (let cursor = ''; ;) {
    const page = await get<Page>(`/api/v1/runs?limit=500&${query}${cursor}`)
    found.push(...page.runs)
    if (page.next === undefined) return found
    cursor = `&cursor=${page.next}`
  }
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${(await life).url}${path}`)
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  return (await answer.json()) as T
}

const inOrder = (found: number[]) => found.sort((one, other) => one - other)

describe(`a server of ${clients} clients, killed again and again`, () => {
  it('was killed in the middle of its work', () => {
    expect(underWay.filter((count) => count > 0).length).toBeGreaterThan(kills / 2)
  })

  it('ends every run that it acknowledged with the right result, and has no other', () => {
    const output = (n: number) => {
      return { branches: ['left', 'right', [{ n }]], step1: 1, step2: 2, step3: 3, child: n * 2 }
    }
    expect(standing.mains).toEqual(Object.fromEntries(acknowledged.map((id, n) => [id, output(n)])))
    expect(standing.unfinished).toEqual([])
  })

  it('never calls again where the answer was recorded, and calls for everything', () => {
    expect(effects.again).toEqual([])
    const perClient = 1 + 3 + 1 + 3 + 1 + 1 + 1
    const ofLastEvents = 2
    expect(effects.counts.size).toBe(clients * perClient + ofLastEvents)
  })

  it('loses no acknowledged event and handles none twice, alone or as a pair', () => {
    expect(standing.counted).toEqual(numbers)
    expect(standing.paired).toEqual(numbers)
  })

  it('stops when it is asked to, and changes nothing when it is started once more', () => {
    expect(exitCode).toBe(0)
    expect(afterwards).toEqual(standing)
  })

  it('has no error to tell', () => {
    expect(errors.join('')).toBe('')
  })
})
