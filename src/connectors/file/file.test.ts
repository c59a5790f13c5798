import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { DeliveryRequest, RecordBatch, SourceBatch, TargetMode } from '../connector.ts'
import { connect as open, createHost } from '../testing/host.ts'
import { file } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-file-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const { signal } = new AbortController()
const connect = (rootPath = '.') => open(file, { rootPath }, { ...createHost(), projectFolder: folder })
const at = (name: string) => join(folder, name)

async function read(options: JsonObject, position: Json = null, batchSize = 100) {
  const batches: SourceBatch[] = []
  const source = connect().source?.(options)
  for await (const batch of source?.read({ position, since: null, batchSize, signal }) ?? [])
    batches.push(batch)
  return batches
}
const texts = (batches: readonly SourceBatch[]) =>
  batches.flatMap(({ lines }) =>
    Buffer.from(lines ?? [])
      .toString()
      .split('\n')
      .filter(Boolean),
  )
const origins = (batches: readonly SourceBatch[]) =>
  batches.flatMap((batch) =>
    Array.from({ length: batch.lines ? batch.count : 0 }, (_, index) => batch.origin(index)),
  )

describe('reading lines', () => {
  it('gives each line once, with where it came from, in batches', async () => {
    writeFileSync(at('a.ndjson'), '{"n":1}\n{"n":2}\n{"n":3}\n')
    const batches = await read({ path: 'a.ndjson' }, null, 2)
    expect(texts(batches)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
    expect(origins(batches)).toEqual(['a.ndjson:1', 'a.ndjson:2', 'a.ndjson:3'])
    expect(batches.at(-1)?.progress).toEqual({ done: 24, total: 24, unit: 'bytes' })
  })

  it('leaves out empty lines, the mark at the beginning and carriage returns, and still counts right', async () => {
    writeFileSync(at('a.ndjson'), '\ufeff{"n":1}\r\n\r\n  \n{"n":2}\r\n\n{"n":3}')
    const batches = await read({ path: 'a.ndjson' })
    expect(texts(batches)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
    expect(origins(batches)).toEqual(['a.ndjson:1', 'a.ndjson:4', 'a.ndjson:6'])
  })

  it('goes on from every position as if it had not stopped', async () => {
    const lines = Array.from({ length: 50 }, (_, n) => JSON.stringify({ n, text: 'æ'.repeat(n) }))
    writeFileSync(at('a.ndjson'), lines.join('\n'))
    writeFileSync(at('b.ndjson'), lines.join('\r\n'))
    const whole = await read({ path: '*.ndjson' }, null, 7)
    for (const [index, { position }] of whole.entries()) {
      const rest = await read({ path: '*.ndjson' }, position, 7)
      expect(origins(rest)).toEqual(origins(whole.slice(index + 1)))
      expect(texts(rest)).toEqual(texts(whole.slice(index + 1)))
    }
  })

  it('passes over a line that is too long, as a bad record', async () => {
    writeFileSync(at('a.ndjson'), '{"n":1}\n')
    for (let part = 0; part < 20; part++) appendFileSync(at('a.ndjson'), 'x'.repeat(1024 * 1024))
    appendFileSync(at('a.ndjson'), '\n{"n":3}\n')
    const batches = await read({ path: 'a.ndjson' })
    expect(texts(batches)).toEqual(['{"n":1}', '{"n":3}'])
    expect(origins(batches)).toEqual(['a.ndjson:1', 'a.ndjson:3'])
    const bad = batches.flatMap((batch) => batch.bad)
    expect(bad).toMatchObject([{ origin: 'a.ndjson:2' }])
    expect(bad[0]?.raw.length).toBeLessThanOrEqual(65_536)
  })

  it.each(['../out.ndjson', '/etc/passwd', 'link.ndjson'])('refuses %s, which leads out', async (path) => {
    symlinkSync('/etc/passwd', at('link.ndjson'))
    await expect(read({ path })).rejects.toMatchObject({ problem: { status: 400 } })
  })

  it('is a fault where the file is missing', async () => {
    await expect(read({ path: 'none.ndjson' })).rejects.toMatchObject({ problem: { cause: 'ENOENT' } })
  })
})

const batch = (text: string): RecordBatch => ({
  size: text.split('\n').length - 1,
  first: 0,
  values: () => [],
  lines: () => Buffer.from(text),
  idempotencyKey: String,
})
const begin = async (mode: TargetMode, state: Json = null, more: Partial<DeliveryRequest> = {}) => {
  const delivery = await connect()
    .target?.({ path: 'out.ndjson' })
    .begin({ mode, key: [], deliveryId: 'd1', state, concurrency: 1, signal, ...more })
  if (!delivery) throw new Error('no target')
  return delivery
}

describe('appending', () => {
  it('ends a line that somebody left without its end', async () => {
    writeFileSync(at('out.ndjson'), '{"n":0}')
    const delivery = await begin('append')
    await delivery.write(batch('{"n":1}\n'), signal)
    await delivery.finish(signal)
    await delivery.finish(signal)
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('{"n":0}\n{"n":1}\n')
  })

  it('after a crash at any byte, every record is there once', async () => {
    const all = ['{"n":1}\n{"n":2}\n', '{"n":3}\n', '{"n":4}\n{"n":5}\n']
    const whole = `before\n${all.join('')}`
    for (let cut = 7; cut <= whole.length; cut++) {
      writeFileSync(at('out.ndjson'), whole.slice(0, cut))
      const delivery = await begin('append', { size: 7 })
      for (const each of all) await delivery.write(batch(each), signal)
      await delivery.finish(signal)
      expect(readFileSync(at('out.ndjson'), 'utf8'), `cut at ${cut}`).toBe(whole)
    }
  })

  it('keeps what somebody else appended after the checkpoint', async () => {
    writeFileSync(at('out.ndjson'), '{"n":1}\ntheirs\n')
    const delivery = await begin('append', { size: 8 })
    await delivery.write(batch('{"n":2}\n'), signal)
    await delivery.finish(signal)
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('{"n":1}\ntheirs\n{"n":2}\n')
  })
})

describe('replacing', () => {
  it('shows nothing before the end, and all of it then', async () => {
    writeFileSync(at('out.ndjson'), 'old\n')
    const delivery = await begin('replace')
    await delivery.write(batch('{"n":1}\n'), signal)
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('old\n')
    await delivery.finish(signal)
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('{"n":1}\n')
    expect(readdirSync(folder)).toEqual(['out.ndjson'])
  })

  it('goes on from the checkpoint, leaving out what came after it', async () => {
    const first = await begin('replace')
    const { state } = await first.write(batch('{"n":1}\n'), signal)
    await first.write(batch('{"n":2}\n'), signal)
    const second = await begin('replace', state)
    await second.write(batch('{"n":2}\n'), signal)
    await second.finish(signal)
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('{"n":1}\n{"n":2}\n')
    const third = await begin('replace', { size: 16 })
    await third.finish(signal)
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('{"n":1}\n{"n":2}\n')
  })

  it('leaves nothing where it is given up', async () => {
    writeFileSync(at('out.ndjson'), 'old\n')
    const delivery = await begin('replace')
    await delivery.write(batch('{"n":1}\n'), signal)
    await delivery.abort()
    expect(readdirSync(folder)).toEqual(['out.ndjson'])
    expect(readFileSync(at('out.ndjson'), 'utf8')).toBe('old\n')
  })
})

it('its check says what is wrong with the folder', async () => {
  expect(await connect().check(signal)).toContain('can be read and written')
  await expect(connect('none').check(signal)).rejects.toMatchObject({ problem: { cause: 'ENOENT' } })
})
