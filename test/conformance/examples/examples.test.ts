import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openCliRunner } from '../cli-runner.ts'
import { fastClock } from '../clocks.ts'
import { openEngineRunner } from '../engine-runner.ts'
import { isMissing } from './messages.ts'
import { folder, nameOf, play } from './play.ts'
import { examples } from './table.ts'

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
