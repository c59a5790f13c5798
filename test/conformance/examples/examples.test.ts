import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { openCliRunner } from '../cli-runner.ts'
import { fastClock } from '../clocks.ts'
import { openEngineRunner } from '../engine-runner.ts'
import type { Ended, Given, Runner } from '../runner.ts'
import { specification } from '../specification.ts'
import { isMissing } from './messages.ts'
import { startSystems, type Systems } from './systems.ts'
import { type ExampleCase, type ExampleEnd, examples } from './table.ts'

const folder = new URL('examples/', specification)
const there = existsSync(folder)

/** Each example of the specification, from its text as it is, to the end that the table says. */
describe.skipIf(!there)('examples of the specification', () => {
  const files = there ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : []

  test('every example is in the table, and the table has no other', () => {
    expect(Object.keys(examples).sort()).toEqual(files.sort())
  })

  for (const file of files) {
    for (const example of examples[file] ?? []) {
      test.skipIf(isMissing(example.messages))(nameOf(file, example), () =>
        play(file, example, ({ internet, path }) =>
          openEngineRunner(internet, { clock: fastClock(60), processes: { path } }),
        ),
      )
    }
  }

  // Minutes of starting processes: the conformance kit goes through the program every time, these on demand.
  if (process.env['SLUSE_TEST_EXAMPLES_BY_CLI']) {
    for (const file of files.filter((name) => name !== 'call-mcp.yaml')) {
      for (const example of examples[file] ?? []) {
        test(
          `${nameOf(file, example)}, through the command line`,
          () => play(file, example, ({ internet }) => openCliRunner(internet)),
          120_000,
        )
      }
    }
  }
})

const nameOf = (file: string, { what }: ExampleCase) => [file, what].filter(Boolean).join(', ')

// Each has a world of its own: nothing that one has fetched or published is there for the next.
async function play(
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
