import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasS3Server, startS3, type S3Server } from '../../../test/servers/s3/index.ts'
import { faultOf } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { s3 } from './index.ts'

describe.skipIf(!hasS3Server())('with a real server', () => {
  let server: S3Server
  let host: TestHost
  beforeAll(async () => {
    server = await startS3()
    host = createHost()
  })
  afterAll(async () => {
    await server?.stop()
    await host?.close()
  })
  const { signal } = new AbortController()
  const open = (more: { [key: string]: string } = {}) => {
    const { endpoint, bucket, accessKey, secretKey } = server
    return connect(s3, { endpoint, bucket, accessKey, secretKey, forcePathStyle: true, ...more }, host)
  }
  const write = async (options: JsonObject, records: readonly Json[], deliveryId = 'd') => {
    const request = { mode: 'replace' as const, key: [], deliveryId, state: null, concurrency: 1, signal }
    const delivery = await open().target?.(options).begin(request)
    await delivery?.write(batch(records, 0), signal)
    await delivery?.finish(signal)
  }
  const read = async (options: JsonObject) => {
    const found = await readAll(open().source?.(options) as never, null, signal)
    return found.flatMap(({ records }) => records)
  }
  const options = { path: 'in/people æ+1.ndjson' }

  connectorSuite(
    'S3',
    async () => ({
      open,
      close: async () => {},
      source: {
        async put(records) {
          await write(options, records)
          return options
        },
      },
      target: {
        modes: ['replace'],
        async clear() {
          await write(options, [])
          return options
        },
        contents: () => read(options),
      },
      broken: [
        { open: () => open({ secretKey: 'wrong' }), says: /may not be used with this key/ },
        { open: () => open({ bucket: 'another' }), says: /bucket another at .* does not exist/ },
        { open: () => open({ endpoint: 'http://127.0.0.1:1' }), says: /refused the connection/ },
      ],
    }),
    { source: true, modes: ['replace'] },
  )

  test('a large object is sent in parts, comes back in pieces, and none of them is seen before the end', async () => {
    const records = Array.from({ length: 40_000 }, (_, n) => ({ n, text: 'x'.repeat(500) }))
    const request = {
      mode: 'replace' as const,
      key: [],
      deliveryId: 'large',
      state: null,
      concurrency: 1,
      signal,
    }
    const delivery = await open().target?.({ path: 'large.ndjson' }).begin(request)
    for (let at = 0; at < records.length; at += 5000)
      await delivery?.write(batch(records.slice(at, at + 5000), at), signal)
    expect((await faultOf(read({ path: 'large.ndjson' }))).detail).toMatch(/does not exist/)
    await delivery?.finish(signal)
    const found = await readAll(open().source?.({ path: 'large.ndjson' }) as never, null, signal, {
      batchSize: 10_000,
    })
    expect(found.reduce((sum, each) => sum + each.records.length, 0)).toBe(records.length)
    expect(found.at(-1)?.records.at(-1)).toEqual(records.at(-1))
    const given = await open().target?.({ path: 'never.ndjson' }).begin(request)
    for (let at = 0; at < records.length; at += 5000)
      await given?.write(batch(records.slice(at, at + 5000), at), signal)
    await given?.abort()
    expect((await faultOf(read({ path: 'never.ndjson' }))).detail).toMatch(/does not exist/)
  })

  test('objects that a glob means are read in order, and moved when they are done', async () => {
    await write({ path: 'box/b.csv', csv: { names: ['n'] } }, [{ n: '2' }])
    await write({ path: 'box/a.csv.gz', csv: { names: ['n'] } }, [{ n: '1' }])
    await write({ path: 'box/deep/c.json' }, [{ n: '3' }])
    const source = open().source?.({ path: 'box/**/*.{csv,csv.gz,json}', done: { move: 'done' } })
    const found = await readAll(source as never, null, signal)
    expect(found.flatMap(({ records }) => records)).toEqual([{ n: '1' }, { n: '2' }, { n: '3' }])
    await source?.confirm?.(found.at(-1)?.position ?? null, signal)
    await source?.confirm?.(found.at(-1)?.position ?? null, signal)
    expect(await read({ path: 'box/*', format: 'csv' })).toEqual([])
    expect(await read({ path: 'done/*.{csv,csv.gz,json}' })).toHaveLength(3)
  })

  test('Excel and Parquet are written and read', async () => {
    for (const name of ['t.xlsx', 't.parquet']) {
      await write({ path: name }, [{ a: 'Ø', b: 1.5 }])
      expect(await read({ path: name })).toEqual([{ a: 'Ø', b: 1.5 }])
    }
  })

  test('to append means an object for each delivery', async () => {
    const begin = (path: string) =>
      open()
        .target?.({ path })
        .begin({ mode: 'append', key: [], deliveryId: 'run/7', state: null, concurrency: 1, signal })
    await expect(begin('a.ndjson')).rejects.toThrow(/Nothing can be added to an object/)
    const delivery = await begin('log/{id}.ndjson')
    await delivery?.write(batch([{ n: 1 }], 0), signal)
    await delivery?.finish(signal)
    expect(await read({ path: 'log/run-7.ndjson' })).toEqual([{ n: 1 }])
  })
})
