import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { readText } from '../testing/documents.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { file } from './index.ts'

for (const path of ['data.ndjson', 'data.csv', 'data.json', 'data.csv.gz', 'data.xlsx']) {
  const numbers = { columns: { id: { type: 'integer' }, name: { type: 'text' } } }
  const options: JsonObject = { path, csv: numbers }
  const appends = !/json$|xlsx$/.test(path) || path.endsWith('ndjson')
  const modes = appends ? (['append', 'replace'] as const) : (['replace'] as const)
  connectorSuite(
    `a file, ${path}`,
    async () => {
      const host = createHost()
      const open = (rootPath: string) => connect(file, { rootPath }, host)
      const folder = host.projectFolder
      return {
        open: () => open('.'),
        close: () => host.close(),
        source: {
          async put(records) {
            const delivery = await open('.').target?.(options).begin({
              mode: 'replace',
              key: [],
              deliveryId: 'put',
              concurrency: 1,
              state: null,
              signal: new AbortController().signal,
            })
            await delivery?.write(batch(records, 0), new AbortController().signal)
            await delivery?.finish(new AbortController().signal)
            return options
          },
        },
        target: {
          modes,
          async clear() {
            rmSync(join(folder, path), { force: true })
            return options
          },
          contents: async () => {
            if (!existsSync(join(folder, path))) return []
            return (await readText(readFileSync(join(folder, path)), options, { name: path })).records
          },
          refused: { id: 9, name: 'x', more: 'a column that is not there' },
        },
        broken: [
          { open: () => open('none'), says: /does not exist/ },
          {
            open: () => {
              writeFileSync(join(folder, 'plain'), '')
              return open('plain')
            },
            says: /is not a folder/,
          },
        ],
      }
    },
    { source: true, modes, refuses: path.includes('csv') },
  )
}

describe('files in a folder', () => {
  let host: TestHost
  beforeEach(() => {
    host = createHost()
  })
  afterEach(() => host.close())
  const { signal } = new AbortController()
  const at = (name: string) => join(host.projectFolder, name)
  const put = (name: string, content: string | Uint8Array, seconds = 1_700_000_000) => {
    mkdirSync(join(at(name), '..'), { recursive: true })
    writeFileSync(at(name), content)
    utimesSync(at(name), seconds, seconds)
  }
  const sourceOf = (options: JsonObject) => {
    const source = connect(file, { rootPath: '.' }, host).source?.(options)
    if (!source) throw new Error('no source')
    return source
  }
  const read = async (options: JsonObject, position: Json = null, since: Json = null) => {
    const found = await readAll(sourceOf(options), position, signal, { since, batchSize: 2 })
    return {
      records: found.flatMap(({ records }) => records),
      origins: found.flatMap(({ origins }) => origins),
      position: found.at(-1)?.position ?? null,
    }
  }

  test('that a glob means are read in the order of their paths, each in its own format', async () => {
    put('in/b.csv', 'n\n3\n')
    put('in/a.csv.gz', gzipSync('n\n1\n2\n'))
    put('in/deep/c.ndjson', '{"n":"4"}\n')
    put('in/d.log', 'no record')
    expect((await read({ path: 'in/**/*.{csv,csv.gz,ndjson}' })).origins).toEqual([
      'in/a.csv.gz:2',
      'in/a.csv.gz:3',
      'in/b.csv:2',
      'in/deep/c.ndjson:1',
    ])
    expect((await read({ path: 'in/*.csv' })).records).toEqual([{ n: '3' }])
  })

  test.each([
    [{ move: 'archive' }, ['archive']],
    [{ mark: '.done' }, ['a.csv.done', 'b.csv.done']],
    [{ delete: true }, []],
  ])('are %j once they are durable, and no file that came meanwhile is touched', async (done, left) => {
    put('a.csv', 'n\n1\n')
    put('b.csv', 'n\n2\n')
    const options = { path: '*.csv', done }
    const { position } = await read(options)
    put('late.csv', 'n\n3\n')
    put('b.csv', 'n\n2\n22\n', 1_700_000_100)
    await sourceOf(options).confirm?.(position, signal)
    await sourceOf(options).confirm?.(position, signal)
    const there = readdirSync(host.projectFolder).filter((name) => name !== 'data')
    expect(there.sort()).toEqual(
      [...left.filter((name) => !name.startsWith('b')), 'b.csv', 'late.csv'].sort(),
    )
    expect((await read(options)).records).toEqual([{ n: '2' }, { n: '22' }, { n: '3' }])
  })

  test('are read once where only new ones are asked for', async () => {
    put('a.csv', 'n\n1\n', 1000)
    const options = { path: '*.csv', read: 'new' }
    const first = await read(options)
    put('b.csv', 'n\n2\n', 1000)
    const second = await read(options, null, first.position)
    expect(second.records).toEqual([{ n: '2' }])
    put('a.csv', 'n\n3\n', 2000)
    expect((await read(options, null, second.position)).records).toEqual([{ n: '3' }])
  })

  test('that may still be written are left out', async () => {
    put('old.csv', 'n\n1\n')
    put('new.csv', 'n\n2\n', Date.now() / 1000)
    expect((await read({ path: '*.csv', minAgeSeconds: 60 })).records).toEqual([{ n: '1' }])
  })

  test('that change while they are read are an error, not a mixture', async () => {
    put('a.csv', 'n\n1\n2\n3\n')
    const [first] = await readAll(sourceOf({ path: 'a.csv' }), null, signal, { batchSize: 1 })
    put('a.csv', 'n\n9\n8\n7\n', 1_800_000_000)
    const again = faultOf(readAll(sourceOf({ path: 'a.csv' }), first?.position ?? null, signal))
    expect((await again).detail).toMatch(/a\.csv has changed/)
  })

  test('are never written through a link that leads out', async () => {
    const outside = `${host.projectFolder}-outside`
    mkdirSync(outside)
    try {
      symlinkSync(outside, at('link'))
      writeFileSync(join(outside, 'there.ndjson'), '')
      symlinkSync(join(outside, 'there.ndjson'), at('out.ndjson'))
      for (const path of ['link/new/a.ndjson', 'link/a.ndjson', 'out.ndjson', '../x.ndjson', 'a\0.ndjson']) {
        const target = connect(file, { rootPath: '.' }, host).target?.({ path })
        const request = {
          mode: 'append' as const,
          key: [],
          deliveryId: 'd',
          state: null,
          concurrency: 1,
          signal,
        }
        await expect(target?.begin(request), path).rejects.toMatchObject({ problem: { status: 400 } })
      }
      expect(readdirSync(outside)).toEqual(['there.ndjson'])
    } finally {
      rmSync(outside, { recursive: true })
    }
  })

  test('may be one for each delivery, which goes on where it began after midnight', async () => {
    let now = Date.UTC(2026, 10, 23, 23, 59)
    const connection = connect(file, { rootPath: '.' }, { ...host, now: () => now })
    const begin = (state: Json, path = 'out/{date}-{id}.json') =>
      connection
        .target?.({ path })
        .begin({ mode: 'replace', key: [], deliveryId: 'run/1', state, concurrency: 1, signal })
    const first = await begin(null)
    const result = await first?.write(batch([{ n: 1 }], 0), signal)
    now += 3_600_000
    const second = await begin(result?.state ?? null)
    await second?.write(batch([{ n: 2 }], 1), signal)
    await second?.finish(signal)
    await first?.abort()
    expect(readdirSync(at('out'))).toEqual(['2026-11-23-run-1.json'])
    expect(JSON.parse(readFileSync(at('out/2026-11-23-run-1.json'), 'utf8'))).toEqual([{ n: 1 }, { n: 2 }])
    await expect(begin(null, 'out/{other}.json')).rejects.toMatchObject({ problem: { status: 400 } })
  })

  test('of a format that cannot be added to are not appended to', async () => {
    const target = connect(file, { rootPath: '.' }, host).target?.({ path: 'a.json' })
    const request = { mode: 'append' as const, key: [], deliveryId: 'd', state: null, concurrency: 1, signal }
    await expect(target?.begin(request)).rejects.toMatchObject({ problem: { status: 400 } })
    put('a.csv', 'n\n1\n')
    await expect(
      connect(file, { rootPath: '.' }, host).target?.({ path: 'a.csv' }).begin(request),
    ).rejects.toThrow(/name the columns/)
  })
})
