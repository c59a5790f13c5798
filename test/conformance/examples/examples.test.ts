import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Internet, openInternet } from '../../servers/internet/index.ts'
import { fastClock } from '../clocks.ts'
import { openEngineRunner } from '../engine-runner.ts'
import type { Ended, Runner } from '../runner.ts'
import { specification } from '../specification.ts'
import { exampleHosts } from './hosts.ts'
import { type ExampleCase, type ExampleEnd, examples } from './table.ts'

const folder = new URL('examples/', specification)
const there = existsSync(folder)

/** Each example of the specification, from its text as it is, to the end that the table says. */
describe.skipIf(!there)('examples of the specification', () => {
  const files = there ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : []
  let internet: Internet
  let runner: Runner
  // Each has a world of its own: nothing that one has fetched or published is there for the next.
  beforeEach(async () => {
    internet = await openInternet(exampleHosts())
    runner = await openEngineRunner(internet, { clock: fastClock(60) })
  })
  afterEach(async () => {
    await runner?.close()
    await internet?.close()
  })

  test('every example is in the table, and the table has no other', () => {
    expect(Object.keys(examples).sort()).toEqual(files.sort())
  })

  for (const file of files) {
    for (const example of examples[file] ?? []) {
      test([file, example.what].filter(Boolean).join(', '), () => play(file, example))
    }
  }

  async function play(file: string, example: ExampleCase): Promise<void> {
    const definition = readFileSync(new URL(encodeURIComponent(file), folder), 'utf8')
    const asked = (count: number) => async () => {
      while (internet.requests.length < count) await new Promise((done) => setTimeout(done, 10))
    }
    const ended = await runner.run({
      ...example.given,
      definition,
      ...('cancelledAfter' in example.ends ? { cancelWhen: asked(example.ends.cancelledAfter) } : {}),
    })
    expectEnd(ended, example.ends)
    if (example.asks) {
      const asks = internet.requests.map(({ method, address }) => `${method} ${address}`)
      expect(asks).toEqual(example.asks)
    }
  }
})

function expectEnd(ended: Ended, end: ExampleEnd): void {
  const said = JSON.stringify(ended.error ?? ended.findings ?? ended.output)
  if ('output' in end) {
    expect(ended.status, said).toBe('completed')
    expect(ended.output).toEqual(end.output)
  } else if ('outputLike' in end) {
    expect(ended.status, said).toBe('completed')
    expect(ended.output).toMatchObject(end.outputLike as object)
  } else if ('faults' in end) {
    expect(ended.status, said).toBe('faulted')
    expect(ended.error).toMatchObject(end.faults)
  } else {
    expect(ended.status, said).toBe('cancelled')
  }
}
