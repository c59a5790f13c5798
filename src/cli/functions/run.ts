import { Option } from 'commander'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { SluseError } from '../../errors.ts'
import type { Outcome } from '../../functions/index.ts'
import type { Json } from '../../workflow/index.ts'
import { exitCodes } from '../failure.ts'
import { readJsonOption } from '../json-input.ts'
import { plain, type Terminal } from '../terminal.ts'
import { verb } from '../verb.ts'
import { buildFunctions } from './build.ts'
import { find, functionSettings, open } from './open.ts'

const mostAtOnce = 500

export const run = verb({
  name: 'run',
  arguments: [['<name>', 'A function: `name`, its newest version, or `name:version`.']],
  about: 'Give records to a function, and print what it answers, one JSON document a line.',
  ...functionSettings,
  defaults: { logLevel: 'info' },
  options: [
    new Option('-i, --input <json>', 'One record: JSON, or @file. Without it: standard input, one a line.'),
    new Option('--secrets <file>', 'Secrets: a file of one JSON object.'),
    new Option('--no-build', 'Do not build it before.'),
  ],
  run: (given) =>
    open(given, async ({ functions, list, secrets }, signal) => {
      const { terminal, options, words } = given
      const found = find(String(words[0]), list)
      if (options.build !== false) await buildFunctions([found], terminal)
      const context = {
        runId: randomUUID(),
        key: '/functions/run',
        secrets: await secrets(secretsIn(found.definition)),
        signal,
      }
      const all: Outcome[] = []
      let refused = 0
      const records =
        typeof options.input === 'string'
          ? [[await readJsonOption('--input', options.input)]]
          : standardInput()
      for await (const batch of records) {
        const outcomes = await functions.call(found, batch, context)
        refused += outcomes.filter((each) => 'refused' in each).length
        if (terminal.json) all.push(...outcomes)
        else outcomes.forEach((outcome) => print(outcome, terminal))
      }
      if (terminal.json) terminal.data(all)
      return refused > 0 ? exitCodes.faulted : exitCodes.done
    }),
})

function print(outcome: Outcome, terminal: Terminal): void {
  if ('records' in outcome) for (const record of outcome.records) terminal.line(JSON.stringify(record))
  else
    terminal.note(terminal.paint('red', `refused: ${plain(outcome.refused.detail ?? outcome.refused.type)}`))
}

async function* standardInput(): AsyncGenerator<Json[]> {
  let batch: Json[] = []
  let number = 0
  for await (const line of createInterface({ input: process.stdin })) {
    number += 1
    if (line.trim() === '') continue
    try {
      batch.push(JSON.parse(line) as Json)
    } catch (error) {
      throw new SluseError(
        'SLUSE-USAGE',
        `Standard input, line ${number}, is not JSON: ${(error as Error).message}.`,
      )
    }
    if (batch.length >= mostAtOnce) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/** The secrets that a function names: `$secrets.token`. */
export function secretsIn(definition: Json): readonly string[] {
  const names = [...JSON.stringify(definition).matchAll(/\$secrets\.([A-Za-z_][A-Za-z0-9_]*)/g)]
  return [...new Set(names.map(([, name]) => name as string))]
}
