import { readFileSync } from 'node:fs'
import { expect, vi } from 'vitest'
import type { Ended, Given, Runner } from '../runner.ts'
import { specification } from '../specification.ts'
import { startSystems, type Systems } from './systems.ts'
import type { ExampleCase, ExampleEnd } from './table.ts'

/** Where the specification's examples are, if they are there. */
export const folder = new URL('examples/', specification)

export const nameOf = (file: string, { what }: ExampleCase) => [file, what].filter(Boolean).join(', ')

/** Each has a world of its own: nothing that one has fetched or published is there for the next. */
export async function play(
  file: string,
  example: ExampleCase,
  open: (systems: Systems) => Promise<Runner>,
): Promise<void> {
  const definition = readFileSync(new URL(encodeURIComponent(file), folder), 'utf8')
  const systems = await startSystems(example)
  for (const [name, value] of Object.entries(systems.environment)) vi.stubEnv(name, value)
  const runner = await open(systems)
  try {
    const until = example.messages ? untilSent(example.ends, systems) : untilAsked(example.ends)
    const ended = await runner.run({ ...example.given, definition, ...until })
    expectEnd(ended, example.ends)
    const asked = systems.internet.requests.map(({ method, address }) => `${method} ${address}`)
    if (example.asks) expect(asked).toEqual(example.asks)
  } finally {
    vi.unstubAllEnvs()
    await runner.close()
    await systems.close()
  }
}

function untilAsked(end: ExampleEnd): Pick<Given, 'cancelWhen'> {
  if (!('cancelledAfter' in end)) return {}
  return {
    cancelWhen: async ({ requests }) => {
      while (requests.length < Number(end.cancelledAfter)) await new Promise((done) => setTimeout(done, 10))
    },
  }
}

function untilSent(end: ExampleEnd, { sent }: Systems): Pick<Given, 'cancelWhen'> {
  return 'cancelledAfter' in end ? { cancelWhen: () => sent } : {}
}

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
    expect(ended.emitted.slice(0, end.emits?.length ?? 0)).toMatchObject(end.emits ?? [])
  }
}
