import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { live, type TransferOutcome } from './transfer-life.ts'
import {
  allCounted,
  ended,
  idsOfFile,
  idsOfKeyedTarget,
  isAll,
  seeded,
  startKeyedTarget,
} from './transfer-results.ts'

/** A million by hand: `SLUSE_TEST_CRASH_RECORDS=1000000 npx vitest run test/crash/transfer.test.ts`. */
const records = Number(process.env.SLUSE_TEST_CRASH_RECORDS ?? 40_000)
const mostLives = 40
const before = '{"id":"before"}\n'

let folder: string
let killed = 0
let targetKilled = 0
let outcome: TransferOutcome | undefined
/** What stood where the replaced file stands, whenever the process was killed. */
const seen = new Set<string>()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-crash-transfer-'))
  let text = ''
  for (let id = 0; id < records; id++) text += `{"id":${id},"name":"Person ${id}"}\n`
  writeFileSync(join(folder, 'in.ndjson'), text)
  writeFileSync(join(folder, 'replaced.ndjson'), before)
  const random = seeded(Number(process.env.SLUSE_TEST_SEED ?? 20_261_125))
  let target = await startKeyedTarget(folder)
  for (let life = 0; life < mostLives && !outcome; life++) {
    // Half of the lives are left alone while it is the target that is killed.
    const killsTarget = life % 4 === 3
    if (killsTarget) {
      setTimeout(() => target.kill('SIGKILL'), 100 + random() * 300)
      targetKilled++
    }
    outcome = await live(folder, 100 + random() * 900)
    if (!outcome) killed++
    seen.add(readFileSync(join(folder, 'replaced.ndjson'), 'utf8').slice(0, before.length))
    if (killsTarget) {
      await ended(target)
      target = await startKeyedTarget(folder)
    }
  }
  if (!outcome) outcome = await live(folder, undefined)
  target.kill('SIGKILL')
  await ended(target)
  console.info(`killed: the process ${killed} times, the target with keys ${targetKilled} times`)
}, 600_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe(`${records} records to three targets, the process and a target killed again and again`, () => {
  it('was really killed in the middle of its work', () => {
    expect(killed).toBeGreaterThan(3)
    expect(targetKilled).toBeGreaterThan(0)
  })

  it('ends with every record counted once', () => {
    const output = allCounted(records, ['appended', 'keyed', 'replaced'])
    expect(outcome).toMatchObject({ status: 'completed', output })
  })

  it('has every record exactly once at the target with keys', () => {
    expect(isAll(idsOfKeyedTarget(folder), records)).toBe(true)
  })

  it('has every record at the target that is appended to, in order; a file even knows them again', async () => {
    expect(isAll(await idsOfFile(folder, 'appended.ndjson'), records)).toBe(true)
  })

  it('has replaced the third target once, as a whole', async () => {
    expect([...seen].filter((text) => text !== before).every((text) => text === '{"id":0,"twice":')).toBe(
      true,
    )
    expect(isAll(await idsOfFile(folder, 'replaced.ndjson'), records)).toBe(true)
  })
})
