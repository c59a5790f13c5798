import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listObjects, s3Client } from '../../src/connectors/index.ts'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { createHttpClient, type HttpClient } from '../../src/http/index.ts'
import { bucketDatasets } from '../../src/transfer/index.ts'
import { hasS3Server, startS3, type S3Server } from '../servers/s3/index.ts'
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

const records = Number(process.env.SLUSE_TEST_CRASH_RECORDS ?? 20_000)
const mostLives = 8
const required = Boolean(process.env.SLUSE_TEST_REQUIRE_SERVERS)
const { signal } = new AbortController()

describe.skipIf(!hasS3Server() && !required)(
  `${records} records through a bucket, the process killed again and again`,
  () => {
    let folder: string
    let server: S3Server
    let http: HttpClient
    let database: Database
    let outcome: TransferOutcome | undefined
    let killed = 0

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluse-crash-bucket-'))
      server = await startS3()
      let text = ''
      for (let id = 0; id < records; id++) text += `{"id":${id},"name":"Person ${id}"}\n`
      writeFileSync(join(folder, 'in.ndjson'), text)
      writeFileSync(join(folder, 'replaced.ndjson'), '{"id":"before"}\n')
      const random = seeded(Number(process.env.SLUSE_TEST_SEED ?? 20_261_126))
      const target = await startKeyedTarget(folder)
      for (let life = 0; life < mostLives && !outcome; life++) {
        outcome = await live(folder, 100 + random() * 600, server)
        if (!outcome) killed++
      }
      outcome ??= await live(folder, undefined, server)
      target.kill('SIGKILL')
      await ended(target)
      http = createHttpClient()
      database = await openDatabase({ folder: join(folder, 'data') })
    }, 240_000)

    afterAll(async () => {
      await database?.close()
      await http?.close()
      await server?.stop()
      if (folder) rmSync(folder, { recursive: true, force: true })
    })

    const bucket = () => {
      const s3 = { ...server, region: 'us-east-1', pathStyle: true }
      return { client: s3Client('datasets', s3, http), prefix: '', place: `s3://${server.bucket}/` }
    }
    const objects = async () => {
      const keys: string[] = []
      for await (const page of listObjects(bucket().client, '', true, signal))
        keys.push(...page.map(({ key }) => key))
      return keys.sort()
    }
    const inUse = async () => {
      const rows = await database.query<{ key: string }>(
        "SELECT storage || '/' || object AS key FROM dataset_parts",
      )
      return rows.map(({ key }) => key).sort()
    }

    it('was really killed in the middle of its work', () => {
      expect(killed).toBeGreaterThan(3)
    })

    it('ends with every record counted once', () => {
      const output = allCounted(records, ['appended', 'keyed', 'replaced'])
      expect(outcome).toMatchObject({ status: 'completed', output })
    })

    it('has every record exactly once at each target', async () => {
      expect(isAll(idsOfKeyedTarget(folder), records)).toBe(true)
      expect(isAll(await idsOfFile(folder, 'appended.ndjson'), records)).toBe(true)
      expect(isAll(await idsOfFile(folder, 'replaced.ndjson'), records)).toBe(true)
    })

    it('leaves nothing in the bucket, once that was swept, but what is in use; and nothing of what is erased', async () => {
      const all = await objects()
      expect(all).toEqual(expect.arrayContaining(await inUse()))
      console.info(
        `killed ${killed} times: ${all.length - (await inUse()).length} of ${all.length} objects are strays`,
      )
      const cacheFolder = join(folder, 'data', 'cache')
      const { storage } = bucketDatasets({ ...bucket(), database, cacheFolder, now: Date.now })
      const [dataset] = await database.query<{ storage: string }>(
        'SELECT DISTINCT storage FROM dataset_parts',
      )
      for await (const name of storage.sweep(async () => true, Date.now() + 2 * 86_400_000))
        throw new Error(`${name} was not to be removed.`)
      expect(await objects()).toEqual(await inUse())
      await storage.remove(String(dataset?.storage))
      expect([await objects(), await inUse()]).toEqual([[], []])
      await storage.close()
    })
  },
)
