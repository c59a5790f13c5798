import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/index.ts'
import { isMissing, testDatabase, type TestDatabase } from '../../src/database/testing/databases.ts'
import {
  allCounted,
  ended,
  idsOfFile,
  idsOfKeyedTarget,
  isAll,
  seeded,
  startKeyedTarget,
} from './transfer-results.ts'

const records = Number(process.env.SLUSE_TEST_CRASH_RECORDS ?? 24_000)
const driver = fileURLToPath(new URL('transfer-worker.mjs', import.meta.url))
/**
 * What happens to whoever has a job just then, or as a helper a part of one; one that is frozen sleeps longer than what it
 * has is held for it. Functions wait until helpers were hit, and the end of the source for the rest.
 */
const all = ['freeze helper', 'kill helper', 'kill', 'freeze', 'end', 'kill leader']
const ways = [
  ['to three targets', { to: 'three', records, faults: all, dead: ['SIGKILL', 'SIGKILL', 0, 'SIGKILL'] }],
  [
    // To which all deliver.
    'to one target in any order',
    {
      ...{ to: 'any', records: records / 2 },
      ...{ faults: ['freeze helper', 'kill helper', 'kill'], dead: ['SIGKILL', 'SIGKILL'] },
    },
  ],
] as const
/** Who has what may be hit. */
const busyOnes = {
  job: "SELECT process FROM transfer_jobs WHERE until > ? AND job <> 'lead' ORDER BY job",
  leader: "SELECT process FROM transfer_jobs WHERE until > ? AND job = 'lead'",
  helper: 'SELECT process FROM transfer_parts WHERE until > ? AND output IS NULL ORDER BY number',
}
const frozenMs = 2500

describe.skipIf(isMissing('PostgreSQL')).each(ways)('%s, by three processes', (_, way) => {
  const { to, records, faults, dead } = way
  let folder: string
  let owned: TestDatabase
  let database: Database
  let outcome: object | undefined
  const living = new Map<string, ChildProcess>()
  const hit: string[] = []
  const exits: (number | string | null)[] = []
  let lives = 0

  async function live(role: 'worker' | 'lead'): Promise<void> {
    const name = `${role} ${++lives}`
    const child = spawn(
      process.execPath,
      [driver, folder, join(folder, 'target.sock'), role, name, String(records), to],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, DATABASE_URL: owned.options.url },
      },
    )
    living.set(name, child)
    child.once('close', () => living.delete(name))
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve())
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'started') resolve()
        else outcome = JSON.parse(line) as object
      })
    })
  }

  /** A process that has something now; `undefined` once all is done. */
  async function busy(
    what: keyof typeof busyOnes,
    random: () => number,
  ): Promise<[string, ChildProcess] | undefined> {
    while (!outcome) {
      const rows = await database.query<{ process: string }>(busyOnes[what], [Date.now()])
      const names = rows.map(({ process }) => process).filter((name) => living.has(name))
      const name = names[Math.floor(random() * names.length)]
      const child = name === undefined ? undefined : living.get(name)
      if (name !== undefined && child) return [name, child]
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    return undefined
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluse-crash-shared-'))
    writeFileSync(join(folder, 'replaced.ndjson'), '{"id":"before"}\n')
    owned = await testDatabase('PostgreSQL')
    database = await owned.open({ exclusive: false })
    const random = seeded(Number(process.env.SLUSE_TEST_SEED ?? 20_261_125))
    const target = await startKeyedTarget(folder)
    await Promise.all([live('lead'), live('worker'), live('worker')])
    const waking: Promise<void>[] = []
    for (const fault of faults) {
      await new Promise((resolve) => setTimeout(resolve, 100 + random() * 300))
      const [does = '', whom = 'job'] = fault.split(' ')
      if (whom !== 'helper') writeFileSync(join(folder, 'helpers-hit'), '')
      const found = await busy(whom as keyof typeof busyOnes, random)
      if (!found) break
      const [name, child] = found
      hit.push(fault)
      if (does === 'freeze') {
        child.kill('SIGSTOP')
        waking.push(
          new Promise((resolve) =>
            setTimeout(() => {
              child.kill('SIGCONT')
              resolve()
            }, frozenMs),
          ),
        )
        continue
      }
      child.kill(does === 'end' ? 'SIGTERM' : 'SIGKILL')
      await ended(child)
      exits.push(child.exitCode ?? child.signalCode)
      await live(name.startsWith('lead') ? 'lead' : 'worker')
    }
    writeFileSync(join(folder, 'all-hit'), '')
    while (!outcome) await new Promise((resolve) => setTimeout(resolve, 50))
    await Promise.all(waking)
    for (const child of [...living.values()]) {
      child.kill('SIGKILL')
      await ended(child)
    }
    target.kill('SIGKILL')
    await ended(target)
    console.info(`what happened to who had a job: ${hit.join(', ')}`)
  }, 240_000)

  afterAll(async () => {
    await owned?.remove()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  it('was really hit in the middle of its work', () => {
    expect(hit).toEqual([...faults])
    expect(exits).toEqual(dead)
  })

  it('ends with every record counted once', async () => {
    const targets = to === 'any' ? ['keyed'] : ['appended', 'keyed', 'replaced']
    expect(outcome).toMatchObject(allCounted(records, targets))
    expect(await database.query('SELECT * FROM transfer_jobs')).toEqual([])
    expect(await database.query('SELECT * FROM transfer_parts')).toEqual([])
  })

  it('has every record exactly once at the target with keys', () => {
    expect(isAll(idsOfKeyedTarget(folder), records)).toBe(true)
  })

  if (to === 'any') return
  it('has every record in order at the target that is appended to, and at the one that is replaced', async () => {
    expect(isAll(await idsOfFile(folder, 'appended.ndjson'), records)).toBe(true)
    expect(isAll(await idsOfFile(folder, 'replaced.ndjson'), records)).toBe(true)
  })
})
