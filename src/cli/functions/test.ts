import { Option } from 'commander'
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { ListedFunction, ProjectFunctions } from '../../app.ts'
import type { Outcome } from '../../functions/index.ts'
import type { Json } from '../../workflow/index.ts'
import { exitCodes } from '../failure.ts'
import type { differences as Differences, TestCase } from '../project-tests/index.ts'
import { plain, type Terminal } from '../terminal.ts'
import { verb } from '../verb.ts'
import { buildFunctions } from './build.ts'
import { functionSettings, open, selected } from './open.ts'

interface Result {
  readonly name: string
  readonly passed: boolean
  readonly failures: readonly string[]
}

export const test = verb({
  name: 'test',
  arguments: [['[names...]', 'Functions: `name` or `name:version`; without, all.']],
  about:
    'Build functions and run the cases in `*.test.yaml` beside their function.yaml, whatever they are written in.',
  ...functionSettings,
  options: [
    new Option('--filter <text>', 'Only the cases whose name contains it.'),
    new Option('--no-build', 'Do not build them before.'),
  ],
  run: (given) =>
    open(given, async (project, signal) => {
      const { terminal, options } = given
      const functions = selected(given.words[0], project.list)
      if (options.build !== false) await buildFunctions(functions, terminal)
      const files: { file: string; cases: readonly Result[] }[] = []
      for (const each of functions) {
        for (const file of await testFiles(each.folder)) {
          const filter = typeof options.filter === 'string' ? options.filter : ''
          const cases = await runFile(file, each, project, signal, filter)
          const shown = relative(process.cwd(), file)
          files.push({ file: shown, cases })
          print(shown, cases, terminal)
        }
      }
      const cases = files.flatMap((each) => each.cases)
      const failed = cases.filter(({ passed }) => !passed).length
      if (terminal.json) terminal.data({ passed: cases.length - failed, failed, files })
      else {
        terminal.line(
          terminal.paint(failed > 0 ? 'red' : 'green', `${cases.length - failed} passed, ${failed} failed`),
        )
        if (cases.length === 0)
          terminal.note('There is no case: they stand in *.test.yaml beside a function.yaml.')
      }
      return failed > 0 ? exitCodes.faulted : exitCodes.done
    }),
})

async function testFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  return names.filter((name) => /\.test\.ya?ml$/.test(name)).map((name) => join(folder, name))
}

async function runFile(
  path: string,
  { name, version }: ListedFunction,
  { functions }: ProjectFunctions,
  signal: AbortSignal,
  filter: string,
): Promise<Result[]> {
  const { differences, readTestFile } = await import('../project-tests/index.ts')
  const file = await readTestFile(path)
  const results: Result[] = []
  // One run for the file: its processes are started once.
  const runId = randomUUID()
  for (const each of file.tests) {
    if (!each.name.includes(filter)) continue
    const secrets = { ...file.secrets, ...each.secrets }
    const context = { runId, key: `/functions/test/${each.name}`, secrets, signal }
    const [outcome] = await functions.call({ name, version }, [each.input ?? null], context)
    const failures = judge(each, outcome, differences)
    results.push({ name: each.name, passed: failures.length === 0, failures })
  }
  await functions.endRun(runId)
  return results
}

function judge(
  { expect = {} }: TestCase,
  outcome: Outcome | undefined,
  differences: typeof Differences,
): string[] {
  if (!outcome) return ['there is no outcome']
  const { output, error } = expect
  if ('refused' in outcome) {
    if (error !== undefined) return differences(error, outcome.refused as Json, true, 'error')
    return [`it is refused: ${outcome.refused.detail ?? outcome.refused.type}`]
  }
  if (error !== undefined) return [`it is not refused, but answered with ${JSON.stringify(outcome.records)}`]
  if (output === undefined) return []
  return differences(Array.isArray(output) ? output : [output], [...outcome.records], false, 'output')
}

function print(file: string, cases: readonly Result[], terminal: Terminal): void {
  terminal.line(terminal.paint('bold', file))
  for (const { name, passed, failures } of cases) {
    terminal.line(`  ${passed ? terminal.paint('green', 'ok  ') : terminal.paint('red', 'fail')}  ${name}`)
    for (const failure of failures) terminal.line(`        ${plain(failure)}`)
  }
}
