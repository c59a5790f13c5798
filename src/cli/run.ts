import { Option } from 'commander'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SluseError } from '../errors.ts'
import type { App } from '../app.ts'
import { inThisProcess } from '../config/index.ts'
import type { Definition } from '../workflow/definition/index.ts'
import type { CloudEvent, Problem } from '../workflow/index.ts'
import { exitCodes } from './failure.ts'
import { findDefinition } from './find-definition.ts'
import { printFindings } from './findings.ts'
import { onInterrupt } from './interrupt.ts'
import { readJsonOption, readText } from './json-input.ts'
import { showProgress } from './show-progress.ts'
import type { Terminal } from './terminal.ts'
import { verb, type Given } from './verb.ts'

const collect = (file: string, files: readonly string[] = []) => [...files, file]

export const runVerb = verb({
  name: 'run',
  arguments: [['<file|name>', 'A definition: a file, or the name of a pipeline of the project.']],
  about: 'Run one definition in this process to its end, and print its output, or why it faulted, as JSON.',
  settings: ['project', 'engine', 'http', 'log'],
  defaults: { logLevel: 'warn' },
  options: [
    new Option('-i, --input <json>', 'The input: JSON, @file, or - for standard input.'),
    new Option('--secrets <file>', 'Secrets: a file of one JSON object.'),
    new Option('--with <file>', 'A further definition that `run: workflow` may name; repeatable.').argParser(
      collect,
    ),
    new Option('--events <file>', 'CloudEvents, one a line, each published once the run waits for one.'),
    new Option('--emitted <file>', 'Where to write the CloudEvents that the run emitted, one a line.'),
    new Option('--lifecycle <file>', "Where to write the run's lifecycle CloudEvents, one a line."),
  ],
  run: async (given) => {
    const { settings, options, terminal, log } = given
    const interrupt = onInterrupt()
    const { openApp, readEvent, runOnce } = await import('../app.ts')
    const { definition, others } = await definitionsOf(given)
    const input =
      typeof options.input === 'string' ? await readJsonOption('--input', options.input) : undefined
    const events = typeof options.events === 'string' ? await readEvents(options.events, readEvent) : []

    // Told before anything is done, not once it is.
    for (const file of recordFiles(options)) await writeLines(file, [])

    // What is run by hand is gone with its end, unless somebody says where it is to be kept.
    const folder = given.isSet('data') ? undefined : await mkdtemp(join(tmpdir(), 'sluse-run-'))
    try {
      const app = await openApp({
        settings: folder === undefined ? settings : { ...settings, ...inThisProcess, data: folder },
        log,
        // That a run is on disk as waiting is how it is seen that it waits for an event.
        ...(events.length > 0 && { engine: { parkAtOnceAfter: 0, maxIdleRuns: 0 } }),
        secretsFile: typeof options.secrets === 'string' ? options.secrets : undefined,
      })
      try {
        const { signal } = interrupt
        const progress = showProgress(app, terminal)
        const ended = await runOnce(app, { definition, others, input, events, signal }).finally(progress.stop)
        await writeRecords(app, ended.id, ended.emitted, options)
        if (ended.unpublished > 0) {
          terminal.note(
            `${ended.unpublished} of the events came after the end of the run: nothing waited for them.`,
          )
        }
        switch (ended.outcome.status) {
          case 'completed':
            terminal.data(ended.outcome.output)
            return exitCodes.done
          case 'faulted':
            terminal.data(ended.outcome.error)
            await explain(definition, ended.outcome.error, terminal)
            return exitCodes.faulted
          case 'cancelled':
            terminal.note('The run was cancelled.')
            return exitCodes.interrupted
        }
      } finally {
        await app.close()
      }
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    }
  },
})

/** What to run, and all that it may run: of its project, and what `--with` gives. */
async function definitionsOf({ settings, words, options, terminal }: Given) {
  const { definition, warnings, project } = await findDefinition(String(words[0]), settings.project)
  if (!terminal.json) printFindings(warnings, terminal)
  const added: Definition[] = []
  for (const file of (options.with as readonly string[] | undefined) ?? []) {
    added.push((await findDefinition(file, settings.project)).definition)
  }
  const identity = ({ reference }: Definition) => JSON.stringify(reference)
  const taken = new Set([definition, ...added].map(identity))
  return {
    definition,
    others: [...added, ...project.definitions.filter((each) => !taken.has(identity(each)))],
  }
}

async function readEvents(
  file: string,
  read: (text: string, which: string) => CloudEvent,
): Promise<CloudEvent[]> {
  return (await readText(file))
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [read(line, `${file}, line ${index + 1}: `)]))
}

function recordFiles({ emitted, lifecycle }: Given['options']): string[] {
  return [emitted, lifecycle].filter((file) => typeof file === 'string')
}

async function writeRecords(
  app: App,
  id: string,
  emitted: readonly CloudEvent[],
  options: Given['options'],
): Promise<void> {
  if (typeof options.emitted === 'string') await writeLines(options.emitted, emitted)
  if (typeof options.lifecycle === 'string') {
    const events: CloudEvent[] = []
    for await (const event of app.history.lifecycle(id)) events.push(event)
    await writeLines(options.lifecycle, events)
  }
}

async function writeLines(file: string, events: readonly CloudEvent[]): Promise<void> {
  try {
    await writeFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  } catch (error) {
    throw new SluseError(
      'SLUSE-USAGE',
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
    )
  }
}

/** Where in the text the run faulted, for people. */
async function explain(definition: Definition, error: Problem, terminal: Terminal): Promise<void> {
  if (terminal.json) return
  const { sourcePosition } = await import('../workflow/definition/index.ts')
  const { type, status, title, detail, instance } = error
  printFindings(
    [
      {
        severity: 'error',
        code: String(status),
        message: [title ?? type, detail].filter(Boolean).join(': '),
        todo: instance === undefined ? type : `${type} at ${instance}`,
        ...(definition.file !== undefined && { file: definition.file }),
        ...(instance === undefined ? { line: 1, column: 1 } : sourcePosition(definition, instance)),
        pointer: instance ?? '',
      },
    ],
    terminal,
  )
}
