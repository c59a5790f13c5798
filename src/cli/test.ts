import { Option } from 'commander'
import { stat, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { SluseError } from '../errors.ts'
import { exitCodes } from './failure.ts'
import { findDefinition, type Found } from './find-definition.ts'
import type { FileResult } from './project-tests/index.ts'
import { plain, type Terminal } from './terminal.ts'
import { verb, type Given } from './verb.ts'

export const testVerb = verb({
  name: 'test',
  arguments: [['[paths...]', 'Test files or folders; without, all of the project.']],
  about: "Run the project's tests (`*.test.yaml`): calls are answered by mocks, and waits take no time.",
  settings: ['project', 'engine', 'http', 'log'],
  without: ['data', 'secretsDir'],
  defaults: { logLevel: 'error' },
  options: [
    new Option('--junit <file>', 'Where to write the results as JUnit XML.'),
    new Option('--filter <text>', 'Only the tests whose name contains it.'),
  ],
  run: async (given) => {
    const { terminal, options } = given
    const { junit } = await import('./project-tests/index.ts')
    const results: FileResult[] = []
    for (const file of await testFiles(given)) {
      const result = await runFile(file, given)
      results.push(result)
      print(result, terminal)
    }
    const cases = results.flatMap((each) => each.cases)
    const failed = cases.filter(({ passed }) => !passed).length
    if (typeof options.junit === 'string') await writeFile(options.junit, junit(results))
    if (terminal.json) terminal.data({ passed: cases.length - failed, failed, files: results })
    else {
      const summary = `${cases.length - failed} passed, ${failed} failed`
      terminal.line(terminal.paint(failed > 0 ? 'red' : 'green', summary))
      if (cases.length === 0)
        terminal.note('There is no test: a test is a file *.test.yaml beside a pipeline.')
    }
    return failed > 0 ? exitCodes.faulted : exitCodes.done
  },
})

/** Relative to the working folder. */
async function testFiles({ words, settings }: Given): Promise<string[]> {
  const paths = (words[0] as readonly string[] | undefined) ?? []
  const [{ readProject }, { loadOptions }] = await Promise.all([
    import('../project/index.ts'),
    import('../app.ts'),
  ])
  const { tests } = await readProject(settings.project, loadOptions)
  const all = tests.map((file) => resolve(settings.project, file))
  const found = new Set<string>()
  for (const path of paths.length > 0 ? paths : [settings.project]) {
    const absolute = resolve(path)
    const state = await stat(absolute).catch(() => undefined)
    if (!state) throw new SluseError('SLUSE-USAGE', `There is no file or folder ${path}.`)
    if (state.isFile()) found.add(absolute)
    else for (const file of all) if (!relative(absolute, file).startsWith('..')) found.add(file)
  }
  return [...found].map((file) => relative(process.cwd(), file))
}

async function runFile(path: string, { settings, log, options }: Given): Promise<FileResult> {
  const { readTestFile, runCase } = await import('./project-tests/index.ts')
  const file = await readTestFile(path)
  const pipelines = new Map<string, Promise<Found>>()
  const cases = []
  for (const test of file.tests) {
    if (typeof options.filter === 'string' && !test.name.includes(options.filter)) continue
    // Beside it lies what it tests: greet.test.yaml is about greet.yaml.
    const asked = test.pipeline ?? file.pipeline ?? path.replace(/^.*\//, '').replace('.test.', '.')
    let finding = pipelines.get(asked)
    if (!finding) pipelines.set(asked, (finding = find(asked, path, settings.project)))
    const { definition, project } = await finding
    const others = project.definitions.filter(
      (each) => JSON.stringify(each.reference) !== JSON.stringify(definition.reference),
    )
    cases.push(await runCase(test, file, { definition, others, settings, log }))
  }
  return { file: path, cases }
}

async function find(asked: string, testFile: string, project: string): Promise<Found> {
  const beside = resolve(dirname(testFile), asked)
  const isFile = (await stat(beside).catch(() => undefined))?.isFile()
  return findDefinition(isFile ? beside : asked, project)
}

function print({ file, cases }: FileResult, terminal: Terminal): void {
  terminal.line(terminal.paint('bold', file))
  for (const { name, passed, failures } of cases) {
    terminal.line(`  ${passed ? terminal.paint('green', 'ok  ') : terminal.paint('red', 'fail')}  ${name}`)
    for (const failure of failures) terminal.line(`        ${plain(failure)}`)
  }
}
