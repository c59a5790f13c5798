import { afterEach, expect, test, vi } from 'vitest'
import { openBetween, type Between, type Fate } from '../../../../test/servers/s3/between.ts'
import { openGuard } from '../../../app/open-guard.ts'
import { listObjects, s3Client, type S3Client } from '../../../connectors/index.ts'
import { createHttpClient } from '../../../http/index.ts'
import { openTestTransfers, type TestTransfers } from '../../testing/open-test-transfers.ts'
import { s3Server, testDatasets, withBucket } from '../../testing/storages.ts'
import { nothingYet } from '../block.ts'

withBucket(() => {
  let open: TestTransfers | undefined
  let between: Between | undefined
  afterEach(async () => {
    vi.useRealTimers()
    await open?.close()
    await between?.close()
    open = between = undefined
  })
  const { signal } = new AbortController()
  const http = createHttpClient()
  /** Past everything, as somebody would who has the bucket. */
  const bucket = (): S3Client =>
    s3Client('test', { ...s3Server(), region: 'us-east-1', pathStyle: true }, http)
  const prefix = () => open?.datasets.storage.place.replace(/^s3:\/\/[^/]+\//, '') ?? ''
  const objects = async () => {
    const keys: string[] = []
    for await (const page of listObjects(bucket(), prefix(), true, signal))
      keys.push(...page.map(({ key }) => key))
    return keys
  }
  const start = async (options: Parameters<typeof openTestTransfers>[0] = {}) =>
    (open = await openTestTransfers({ storage: 'bucket', ...options }))
  /** With a network in between, which does to the nth request of a method what it is told. */
  const startBehind = async (
    fates: { [method: string]: { [nth: number]: Fate } },
    timeoutMs = 30_000,
    guard = false,
  ) => {
    between = await openBetween(s3Server().endpoint)
    const counts: { [method: string]: number } = {}
    between.fate = (method) => fates[method]?.[(counts[method] = (counts[method] ?? 0) + 1)] ?? 'pass'
    const datasets = {
      endpoint: between.url,
      timeoutMs,
      ...(guard && { guard: await openGuard(undefined, () => {}) }),
    }
    return start({ datasets })
  }
  const people = (count: number) =>
    Array.from({ length: count }, (_, id) => ({ id, cpr: `010190${1000 + id}`, note: noise(600) }))
  const given = {
    from: { connection: 'files', path: 'in.ndjson' },
    to: [{ connection: 'files', path: 'out.ndjson', mode: 'replace' }],
    batchSize: 200,
  }

  test('of what a bucket has nothing is clear, and no key is in it', async () => {
    const { write, run, datasets } = await start()
    write('in.ndjson', people(500))
    const { dataset } = await run({ ...given, through: [{ deduplicate: '.cpr' }] })
    const key = Buffer.from(await datasets.keys.get(String(dataset).replace('sluse:dataset/', '')))
    const all = await objects()
    expect(all.length).toBeGreaterThan(1)
    for (const each of all) {
      const body = Buffer.from((await bucket().send('GET', each, { signal })).body)
      expect(body.includes('010190'), each).toBe(false)
      expect(body.includes(key), each).toBe(false)
    }
  })

  test('a dataset that is erased, or whose time is over, is gone from bucket and database', async () => {
    const clock = { at: Date.now() }
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { write, run, transfers, database } = await start({ now: () => clock.at })
    write('in.ndjson', people(5))
    const first = await run(given)
    await run({ ...given, keep: { days: 1 } }, { idempotencyKey: 'run2:/do/0/move' })
    const rows = async (table: string) => (await database.query(`SELECT * FROM ${table}`)).length
    expect([(await objects()).length, await rows('dataset_keys'), await rows('dataset_parts')]).toEqual([
      2, 2, 2,
    ])
    const id = String(first.dataset).replace('sluse:dataset/', '')
    await transfers.overview.erase(id)
    expect([(await objects()).length, await rows('dataset_keys'), await rows('dataset_parts')]).toEqual([
      1, 1, 1,
    ])
    await expect(transfers.overview.preview(id, 0, 1)).rejects.toMatchObject({ code: 'SLUSE-DATASET-ERASED' })
    await transfers.start()
    clock.at += 2 * 86_400_000
    vi.advanceTimersByTime(60_000)
    await expect.poll(async () => (await objects()).length).toBe(0)
    await expect.poll(() => rows('dataset_parts')).toBe(0)
    expect(await rows('dataset_keys')).toBe(0)
  })

  test('a person is taken out of a dataset in a bucket: it is written anew, under another key', async () => {
    const { write, run, transfers } = await start()
    write('in.ndjson', people(5))
    const { dataset } = await run(given)
    const id = String(dataset).replace('sluse:dataset/', '')
    expect(await transfers.overview.erasePerson('0101901002')).toMatchObject({ datasets: [id], records: 1 })
    const { records } = await transfers.overview.preview(id, 0, 10)
    expect(records.map(({ record }) => (record as { id: number }).id)).toEqual([0, 1, 3, 4])
    expect((await objects()).every((key) => key.includes(`${id}.1/`))).toBe(true)
  })

  test.each<[string, Parameters<typeof startBehind>[0], number?]>([
    ['is away for a while', { PUT: { 1: 'refuse', 2: 503 } }],
    ['has done what it could not say', { PUT: { 1: 'lose', 2: 'lose' } }],
    ['gives no answer', { PUT: { 1: 'hang' } }, 1000],
    ['breaks off in the middle of an object', { GET: { 1: 'cut', 2: 'refuse' } }],
  ])('a transfer goes on by itself after a storage that %s', async (_, fates, timeoutMs) => {
    const { write, run, read, logged, transfers } = await startBehind(fates, timeoutMs)
    write('in.ndjson', people(1500))
    const { dataset, ...counts } = await run(given)
    expect(counts).toMatchObject({ read: 1500, records: 1500, targets: { files: { delivered: 1500 } } })
    expect(read('out.ndjson')).toEqual(read('in.ndjson'))
    // From the bucket alone, not from what is still in memory.
    const id = String(dataset).replace('sluse:dataset/', '')
    await run({ ...given, from: { dataset } }, { idempotencyKey: 'run2:/do/0/move' }).catch(() => {})
    await run({ ...given, from: { dataset } }, { idempotencyKey: 'run2:/do/0/move' })
    expect(read('out.ndjson')).toEqual(read('in.ndjson'))
    expect((await transfers.overview.preview(id, 1490, 3)).records.map(({ number }) => number)).toEqual([
      1490, 1491, 1492,
    ])
    if ('PUT' in fates)
      expect(logged.some(({ message }) => message.startsWith('Reading from files failed'))).toBe(true)
  })

  test('what passes is tried again by the policies, and is no trouble of the transfer', async () => {
    const { write, run, logged } = await startBehind({ PUT: { 1: 503 } }, 30_000, true)
    write('in.ndjson', people(5))
    expect(await run(given)).toMatchObject({ records: 5 })
    expect(logged.filter(({ level }) => level !== 'info')).toEqual([])
    expect(between?.requests.filter(({ method }) => method === 'PUT')).toHaveLength(2)
  })

  test('a part that is gone, or shorter than it was, is said to be damaged', async () => {
    const { write, run, transfers } = await start()
    write('in.ndjson', people(50))
    const { dataset } = await run(given)
    const id = String(dataset).replace('sluse:dataset/', '')
    const [key = ''] = await objects()
    const { body } = await bucket().send('GET', key, { signal })
    await bucket().send('PUT', key, { body: body.subarray(0, body.length - 100), signal })
    await expect(transfers.overview.preview(id, 0, 1)).rejects.toMatchObject({
      code: 'SLUSE-DATASET-DAMAGED',
      detail: expect.stringContaining('is shorter than it was written') as string,
    })
    await bucket().send('DELETE', key, { signal })
    await expect(transfers.overview.preview(id, 0, 1)).rejects.toMatchObject({
      code: 'SLUSE-DATASET-DAMAGED',
      detail: expect.stringContaining('is gone from') as string,
    })
  })

  test.each([
    ['bucket is not there', { bucket: 'another' }, /^s3:\/\/another\/.*: there is no such bucket/],
    ['key is wrong', { secretKey: 'wrong' }, /the access key may not write there/],
    ['endpoint is away', { endpoint: 'http://127.0.0.1:1' }, /refused the connection/],
  ])('where the %s, it is said, and a transfer waits', async (_, datasets, message) => {
    const { write, perform, datasets: opened, transfers } = await start({ datasets, random: () => 1 })
    await expect(opened.storage.check(signal)).rejects.toMatchObject({
      code: 'SLUSE-DATASETS-UNREACHABLE',
      detail: expect.stringMatching(message) as string,
    })
    write('in.ndjson', people(5))
    const attempt = async () => perform(given).catch((error: { code?: string }) => error.code)
    await attempt()
    expect(await attempt()).toBe('SLUSE-POSTPONED')
    expect((await transfers.overview.list({ troubled: true })).transfers).toHaveLength(1)
  })

  test('what a crash left is never read, and swept away', async () => {
    const { write, run, datasets, transfers } = await start()
    write('in.ndjson', people(50))
    const { dataset } = await run(given)
    const id = String(dataset).replace('sluse:dataset/', '')
    const [kept] = await objects()
    const appender = await datasets.storage.append(id, nothingYet)
    await appender.write(Buffer.from('never committed'), nothingYet)
    await appender.sync()
    await appender.close()
    expect(await objects()).toHaveLength(2)
    const sweep = async (later: number) => {
      for await (const name of datasets.storage.sweep(async () => true, Date.now() + later))
        throw new Error(name)
    }
    await sweep(2 * 86_400_000)
    expect(await objects()).toEqual([kept])
    expect((await transfers.overview.preview(id, 0, 100)).records).toHaveLength(50)
  })

  test('two who go on from the same place cannot both', async () => {
    const { datasets, database } = await start()
    const [one, other] = await Promise.all([0, 1].map(() => datasets.storage.append('shared', nothingYet)))
    await one?.write(Buffer.from('one'), nothingYet)
    await other?.write(Buffer.from('other'), nothingYet)
    const [first = [], second = []] = [await one?.sync(), await other?.sync()]
    await database.commit(first)
    await expect(database.commit(second)).rejects.toThrow()
    const reader = datasets.storage.read('shared')
    expect((await reader.bytes(nothingYet, 5)).toString()).toBe('one')
    await reader.close()
  })

  test('a source that trickles leaves few objects, and more than a page of them is removed', async () => {
    const { datasets, database } = await start({ datasets: { pageSize: 10 } })
    const appender = await datasets.storage.append('trickle', nothingYet)
    let offset = 0
    const written: Buffer[] = []
    for (let commit = 0; commit < 60; commit += 1) {
      const bytes = Buffer.from(noise(100 + (commit % 7)))
      await appender.write(bytes, { segment: 0, offset })
      await database.commit(await appender.sync())
      offset += bytes.length
      written.push(bytes)
    }
    await appender.close()
    const parts = await database.query('SELECT * FROM dataset_parts')
    expect(parts.length).toBeLessThan(10)
    const reader = datasets.storage.read('trickle')
    const pieces: Buffer[] = []
    for (let at = 0; at < offset;) {
      const piece = await reader.bytes({ segment: 0, offset: at }, 1)
      pieces.push(piece)
      at += piece.length
    }
    await reader.close()
    expect(Buffer.concat(pieces).equals(Buffer.concat(written))).toBe(true)

    const many = Array.from({ length: 25 }, (_, at) => `${prefix()}trickle/00000000/more-${at}`)
    for (const key of many) await bucket().send('PUT', key, { body: Buffer.from('x'), signal })
    await datasets.storage.remove('trickle')
    expect(await objects()).toEqual([])
    expect(await database.query('SELECT * FROM dataset_parts')).toEqual([])
  })

  test('a dataset in parts is read piece by piece, the next part while one is worked on', async () => {
    between = await openBetween(s3Server().endpoint)
    const { database, folder } = await start()
    const datasets = testDatasets('bucket', { database, folder, endpoint: between.url })
    const appender = await datasets.storage.append('large', nothingYet)
    const part = Buffer.from(noise(1024 * 1024 + 5))
    for (let at = 0; at < 3; at += 1) {
      await appender.write(part, { segment: 0, offset: at * part.length })
      await database.commit(await appender.sync())
    }
    await appender.close()
    const reader = datasets.storage.read('large')
    for (let at = 0; at < 3; at += 1) {
      const bytes = await reader.bytes({ segment: 0, offset: at * part.length }, 32)
      expect(bytes.equals(part)).toBe(true)
    }
    await reader.close()
    await datasets.storage.close()
    expect(between.requests.filter(({ method }) => method === 'GET')).toHaveLength(3)
  })
})

/** Text that does not become smaller. */
function noise(size: number): string {
  return Array.from({ length: size }, () => Math.floor(Math.random() * 36).toString(36)).join('')
}
