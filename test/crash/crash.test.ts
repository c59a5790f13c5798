import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const runs = 200
const kills = 15
const driver = fileURLToPath(new URL('driver.mjs', import.meta.url))

interface Report {
  outcomes: { status: string; output: unknown }[]
  /** Numbers of the events that had their run, one for each such run. */
  counted: number[]
  stuck: string[]
}

let folder: string
let report: Report
let afterwards: Report
let killed = 0

/** One life of the engine; resolves with what it printed, or `undefined` where it was killed before its end. */
function live(killAfterMs: number | undefined): Promise<Report | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [driver, folder, String(runs)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve(undefined)
      else if (code === 0) resolve(JSON.parse(printed) as Report)
      else reject(new Error(`the engine ended with ${code}: ${complaint}`))
    })
  })
}

async function lastLife(): Promise<Report> {
  const last = await live(undefined)
  if (!last) throw new Error('the last life was killed')
  return last
}

/** A small generator with a seed, so that a failure can be had again. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-crash-'))
  const random = seeded(Number(process.env.SLUSE_TEST_SEED ?? 20_261_124))
  for (let life = 0; life < kills; life++) {
    if ((await live(250 + random() * 900)) === undefined) killed += 1
  }
  report = await lastLife()
  afterwards = await lastLife()
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe(`${runs} runs with forks, timers, retries, events and children, killed again and again`, () => {
  it('were really killed in the middle of their work', () => {
    expect(killed).toBeGreaterThan(kills / 2)
  })

  it('all end with the right result', () => {
    const expected = Array.from({ length: runs }, (_, n) => ({
      status: 'completed',
      output: { branches: ['left', 'right', [{ n }]], step1: 1, step2: 2, step3: 3, child: n * 2 },
    }))
    expect(report.outcomes).toEqual(expected)
  })

  it('never carry out an effect again whose result was recorded', () => {
    expect(existsSync(join(folder, 'again.log'))).toBe(false)
  })

  it('carry out every effect at least once, and most only once', () => {
    const effects = readFileSync(join(folder, 'effects.log'), 'utf8').trim().split('\n')
    const perRun = 1 + 3 + 1 + 3 + 1 + 1
    expect(new Set(effects).size).toBe(runs * perRun)
    expect(effects.length).toBeLessThan(runs * perRun * 2)
  })

  it('lose no acknowledged event and handle none twice', () => {
    expect(report.counted).toEqual(Array.from({ length: runs }, (_, n) => n))
  })

  it('leave nothing under way', () => {
    expect(report.stuck).toEqual([])
  })

  it('stay as they are when the engine is opened once more', () => {
    expect(afterwards).toEqual(report)
  })
})
