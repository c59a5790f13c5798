import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../database/index.ts'
import { overStorages, testDatasets } from '../testing/storages.ts'
import { nothingYet, parseLines, type BlockAddress, type Extent } from './block.ts'
import type { Datasets } from './datasets.ts'
import { DatasetReader } from './reader.ts'
import { DatasetWriter } from './writer.ts'

overStorages((kind) => {
  let folder: string
  let database: Database
  let datasets: Datasets
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluse-storage-'))
    database = await openDatabase({ folder })
    datasets = testDatasets(kind, { database, folder })
  })
  afterEach(async () => {
    await datasets.storage.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** As a transfer does it: what is written counts with the extent, once both are committed. */
  class Dataset {
    readonly name: string
    extent: Extent = nothingYet
    /** What is committed, and where its blocks begin. */
    committed: number[] = []
    blocks: { at: BlockAddress; first: number }[] = []
    #writer: DatasetWriter | undefined
    #written: number[] = []
    #begun: { at: BlockAddress; first: number }[] = []
    constructor(name: string) {
      this.name = name
    }
    async append(count: number, size: number): Promise<void> {
      this.#writer ??= await DatasetWriter.open({
        storage: datasets.storage,
        name: this.name,
        key: await datasets.keys.create(this.name),
        extent: this.extent,
        mostBytes: 3000,
      })
      const first = this.committed.length + this.#written.length
      const numbers = Array.from({ length: count }, (_, index) => first + index)
      const lines = Buffer.from(numbers.map((n) => `[${n},"${noise(size)}"]\n`).join(''))
      const { at } = await this.#writer.append({ lines, count, origins: { prefix: 'x:', from: first } })
      this.#begun.push({ at, first })
      this.#written.push(...numbers)
    }
    async commit(): Promise<void> {
      if (!this.#writer) return
      const { extent } = this.#writer
      await database.commit(await this.#writer.sync())
      this.extent = extent
      this.committed.push(...this.#written)
      this.blocks.push(...this.#begun)
      this.#written = []
      this.#begun = []
    }
    /** Also what is made durable, and not committed. */
    async crash(): Promise<void> {
      await this.#writer?.sync()
      await this.#writer?.close()
      this.#writer = undefined
      this.#written = []
      this.#begun = []
    }
    async read(from: BlockAddress = nothingYet): Promise<number[]> {
      const reader = new DatasetReader(datasets.storage, this.name, await datasets.keys.get(this.name))
      const found: number[] = []
      try {
        for (let at = from; ;) {
          const block = await reader.block(at, this.extent)
          if (!block) return found
          found.push(...parseLines(block.lines).map((record) => (record as [number])[0]))
          at = block.next
        }
      } finally {
        await reader.close()
      }
    }
    async find(record: number): Promise<BlockAddress | undefined> {
      const reader = new DatasetReader(datasets.storage, this.name, await datasets.keys.get(this.name))
      try {
        return await reader.find(record, this.extent)
      } finally {
        await reader.close()
      }
    }
  }

  test('what was committed is read, in order and from any block, whatever crashed in between', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ count: fc.integer({ min: 1, max: 5 }), size: fc.nat(900) }) },
      { weight: 4, arbitrary: fc.constant('commit' as const) },
      { weight: 1, arbitrary: fc.constant('crash' as const) },
    )
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(), async (steps, chosen) => {
        const dataset = new Dataset(`d${number++}`)
        for (const each of steps) {
          if (each === 'commit') await dataset.commit()
          else if (each === 'crash') await dataset.crash()
          else await dataset.append(each.count, each.size)
        }
        await datasets.keys.create(dataset.name)
        expect(await dataset.read()).toEqual(dataset.committed)
        const block = dataset.blocks[chosen % Math.max(dataset.blocks.length, 1)]
        if (block) {
          expect(await dataset.read(block.at)).toEqual(dataset.committed.slice(block.first))
          expect(await dataset.find(block.first)).toEqual(block.at)
        }
        expect(await dataset.find(dataset.committed.length)).toBeUndefined()
        await dataset.crash()
      }),
      { numRuns: 25 },
    )
  })

  describe('keys that were seen', () => {
    const key = (n: number) => Buffer.alloc(16, n)
    const open = async (extent = nothingYet) => {
      const appender = await datasets.storage.append('seen', extent)
      return { appender, set: await appender.keySet(2, extent.records) }
    }

    test('are known to whoever goes on, as far as they were committed', async () => {
      const first = await open()
      expect(first.set.add([key(1), key(2), key(1)], 1)).toEqual([true, true, false])
      first.set.save()
      await database.commit(await first.appender.sync())
      expect(first.set.add([key(2), key(3)], 2)).toEqual([false, true])
      first.set.save()
      await first.appender.sync()
      first.set.close()
      await first.appender.close()
      // Of one batch it is committed, not of the second.
      const second = await open({ ...nothingYet, records: 1 })
      expect(second.set.add([key(1), key(2), key(3)], 2)).toEqual([false, false, true])
      second.set.close()
      await second.appender.close()
    })
  })

  test('a key that is destroyed is not there, and none takes its place unless it is made', async () => {
    const { keys } = datasets
    const key = await keys.create('k')
    expect(Buffer.from(await keys.create('k'))).toEqual(Buffer.from(key))
    expect(Buffer.from(await keys.get('k'))).toEqual(Buffer.from(key))
    await keys.destroy('k')
    await keys.destroy('k')
    await expect(keys.get('k')).rejects.toMatchObject({ code: 'SLUSE-DATASET-ERASED' })
    expect(Buffer.from(await keys.create('k'))).not.toEqual(Buffer.from(key))
  })

  test('what is in nobody’s use is swept away once it is old, and nothing else is', async () => {
    const [kept, stray] = [new Dataset('kept'), new Dataset('stray')]
    for (const each of [kept, stray]) {
      await each.append(3, 10)
      await each.commit()
    }
    await database.commit([
      {
        sql: `INSERT INTO datasets (id, source, created_at, records, bytes, segment, "offset", batch, sealed)
              VALUES ('kept', 's', 1, 3, 1, 0, 1, 0, 1)`,
      },
    ])
    const sweep = async (now: number) => {
      const names: string[] = []
      for await (const name of datasets.storage.sweep(async (each) => each === 'kept', now)) names.push(name)
      return names
    }
    expect(await sweep(Date.now())).toEqual([])
    expect(await stray.read()).toEqual([0, 1, 2])
    expect(await sweep(Date.now() + 2 * 86_400_000)).toEqual(['stray'])
    await expect(stray.read()).rejects.toThrow()
    expect(await kept.read()).toEqual([0, 1, 2])
    expect(await sweep(Date.now() + 4 * 86_400_000)).toEqual([])
    await Promise.all([kept.crash(), stray.crash()])
  })

  test('it says whether datasets can be kept there', async () => {
    const { signal } = new AbortController()
    expect(await datasets.storage.check(signal)).toMatch(/^Datasets can be written, read and removed in /)
  })
})

/** Text that does not become smaller. */
function noise(size: number): string {
  return Array.from({ length: size }, () => Math.floor(Math.random() * 36).toString(36)).join('')
}
