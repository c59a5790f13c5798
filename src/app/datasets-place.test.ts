import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBetween } from '../../test/servers/s3/between.ts'
import { readSettings } from '../config/index.ts'
import { openDatabase } from '../database/index.ts'
import { openTestTransfers } from '../transfer/testing/open-test-transfers.ts'
import { s3Server, withBucket } from '../transfer/testing/storages.ts'
import { checkPlaceOfDatasets, moveDatasets } from './datasets-place.ts'
import { checkDatasets, openDatasets } from './open-datasets.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluse-place-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The settings of an installation with its data in `folder`, and datasets there or in a bucket. */
const settingsWith = async (datasets?: string) => {
  const flags = { project: folder, data: join(folder, 'data') }
  const environment = datasets === undefined ? {} : { SLUSE_DATASETS: datasets }
  return (await readSettings({ flags, environment })).settings
}

/** Installs a dataset of some records in the data folder, and gives its id. */
async function moved(): Promise<string> {
  const open = await openTestTransfers({ folder })
  open.write(
    'in.ndjson',
    Array.from({ length: 400 }, (_, id) => ({ id, note: 'x'.repeat(id) })),
  )
  const { dataset } = await open.run({
    from: { connection: 'files', path: 'in.ndjson' },
    to: [{ connection: 'files', path: 'out.ndjson' }],
  })
  await open.stop()
  return String(dataset).replace('sluse:dataset/', '')
}

withBucket(() => {
  const place = 's3://andeby/sluse/datasets'
  const credentials = (endpoint = s3Server().endpoint) => ({
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: s3Server().accessKey,
    AWS_SECRET_ACCESS_KEY: s3Server().secretKey,
  })
  const inDatabase = async <T>(use: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>) => {
    const database = await openDatabase({ folder: join(folder, 'data') })
    return use(database).finally(() => database.close())
  }
  const preview = async (id: string, datasets?: string) =>
    inDatabase(async (database) => {
      const settings = await settingsWith(datasets)
      const opened = await openDatasets(settings, { database, environment: credentials(), now: Date.now })
      const key = await opened.keys.get(id)
      const reader = opened.storage.read(id)
      const bytes = await reader.bytes({ segment: 0, offset: 0 }, 1000)
      await reader.close()
      await opened.close()
      return { key: Buffer.from(key).toString('hex'), bytes: bytes.toString('hex') }
    })

  test('datasets move from the folder to a bucket and back, and what was interrupted is gone on with', async () => {
    const id = await moved()
    const before = await preview(id)
    const between = await openBetween(s3Server().endpoint)
    let puts = 0
    // The first is the check that it can be written there.
    between.fate = (method) => (method === 'PUT' && ++puts === 2 ? 'lose' : 'pass')
    const to = await settingsWith(place)
    await expect(
      moveDatasets({ settings: to, from: 'folder', environment: credentials(between.url) }),
    ).rejects.toMatchObject({ code: 'SLUSE-DATASETS-UNREACHABLE' })
    await between.close()
    // It is in both places as far as keys go, and still read where it was.
    expect(await preview(id)).toEqual(before)
    await expect(inDatabase(async (database) => checkPlaceOfDatasets(database, to))).resolves.toBeUndefined()

    const request = { settings: to, from: 'folder', environment: credentials() }
    expect(await moveDatasets(request)).toMatchObject({ datasets: 1, lost: [], to: place })
    expect(readdirSync(join(folder, 'data', 'keys'))).toEqual([])
    expect(existsSync(join(folder, 'data', 'datasets', id))).toBe(false)
    expect(await preview(id, place)).toEqual(before)
    expect(await moveDatasets(request)).toMatchObject({ datasets: 0, lost: [] })

    const back = { settings: await settingsWith(), from: place, environment: credentials() }
    expect(await moveDatasets(back)).toMatchObject({ datasets: 1 })
    expect(await preview(id)).toEqual(before)
  })

  test('an installation does not start while its datasets lie elsewhere than it is told', async () => {
    await moved()
    const check = async (datasets?: string) => {
      const settings = await settingsWith(datasets)
      return inDatabase(async (database) => checkPlaceOfDatasets(database, settings))
    }
    await check()
    await expect(check(place)).rejects.toMatchObject({ code: 'SLUSE-DATASETS-ELSEWHERE' })
    await moveDatasets({ settings: await settingsWith(place), from: 'folder', environment: credentials() })
    await check(place)
    await expect(check()).rejects.toMatchObject({ code: 'SLUSE-DATASETS-ELSEWHERE' })
  })

  test('a bucket is looked at with the variables of the usual tools', async () => {
    const settings = await settingsWith(place)
    expect(await checkDatasets(settings, credentials())).toBe(
      `Datasets can be written, read and removed in ${place}.`,
    )
    await expect(checkDatasets(settings, { ...credentials(), AWS_REGION: 'eu-north-1' })).rejects.toThrow(
      /its region is us-east-1: set AWS_REGION/,
    )
    const { AWS_ACCESS_KEY_ID, ...rest } = credentials()
    expect(AWS_ACCESS_KEY_ID).not.toBe('')
    await expect(checkDatasets(settings, rest)).rejects.toMatchObject({ code: 'SLUSE-SETTING' })
    const wrong = { ...credentials(), AWS_ENDPOINT_URL: 'ftp://example.dk' }
    await expect(checkDatasets(settings, wrong)).rejects.toThrow(/not an address of http or https/)
  })

  test('a transfer that must know what it has seen is not moved in the middle of it', async () => {
    await moved()
    const plan = '{"steps":[{"kind":"deduplicate"}]}'
    const sql = "UPDATE transfers SET status = 'reading', ended_at = NULL, plan = ?"
    await inDatabase((database) => database.commit([{ sql, parameters: [plan] }]))
    const request = { settings: await settingsWith(place), from: 'folder', environment: credentials() }
    await expect(moveDatasets(request)).rejects.toMatchObject({ code: 'SLUSE-MIGRATE' })
  })
})
