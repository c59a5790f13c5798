import { Option } from 'commander'
import type { DatasetPage, DatasetSummary, ErasedPerson, Preview } from '../transfer/index.ts'
import { SluseError } from '../errors.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { group } from './group.ts'
import { readStandardInput, readText } from './json-input.ts'
import { table } from './table.ts'
import { plain, type Terminal } from './terminal.ts'
import { verb, type VerbOptions } from './verb.ts'

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

const list = verb({
  ...common,
  name: 'list',
  about: 'List datasets, newest first.',
  options: [new Option('--limit <number>', 'At most so many, 1 to 500.').default('50')],
  run: async ({ settings, options, terminal }) => {
    const { limit } = options
    const page = await callServer<DatasetPage>(settings, 'GET', '/api/v1/datasets', { query: { limit } })
    if (terminal.json) terminal.data(page)
    else {
      const rows = page.datasets.map((each) => [
        each.id,
        plain(each.source),
        String(each.records),
        each.erasedAt === undefined ? (each.complete ? 'complete' : 'incomplete') : 'erased',
        each.createdAt,
        each.expiresAt ?? '',
      ])
      terminal.line(table(['DATASET', 'FROM', 'RECORDS', 'STATE', 'CREATED', 'KEPT UNTIL'], rows))
      if (page.next !== undefined) terminal.note('There are more: raise --limit.')
    }
    return exitCodes.done
  },
})

const preview = verb({
  ...common,
  name: 'preview',
  about: 'Print some records, one a line; what is marked as personal data is hidden.',
  arguments: [['<id>', 'Its id.']],
  options: [
    new Option('--from <number>', 'The number of the first record, from 0.').default('0'),
    new Option('--limit <number>', 'At most so many, 1 to 500.').default('20'),
  ],
  run: async ({ settings, words, options, terminal }) => {
    const { from, limit } = options
    const found = await callServer<Preview>(settings, 'GET', `${pathOf(words[0])}/records`, {
      query: { from, limit },
    })
    if (terminal.json) terminal.data(found)
    else for (const { record } of found.records) terminal.line(plain(JSON.stringify(record)))
    return exitCodes.done
  },
})

const replay = verb({
  ...common,
  name: 'replay',
  about: 'Deliver a whole dataset again to one of its targets.',
  arguments: [['<id>', 'Its id.']],
  options: [new Option('--to <target>', 'The target, by its name.').makeOptionMandatory()],
  run: async ({ settings, words, options, terminal }) => {
    const body = { target: String(options.to) }
    const started = await callServer<{ transfer: string }>(settings, 'POST', `${pathOf(words[0])}/replay`, {
      body,
    })
    if (terminal.json) terminal.data(started)
    else terminal.line(started.transfer)
    return exitCodes.done
  },
})

const erase = verb({
  ...common,
  name: 'erase',
  about:
    'Destroy the key of a dataset: nobody can read it or its dead letters any more. Or take one person out of all of them.',
  arguments: [['[id]', 'Its id.']],
  options: [
    new Option(
      '--person <file>',
      'Of all datasets and dead letters, what is of one person: a file with what tells who it is, such as a CPR number; - for standard input, so that it is in no list of commands.',
    ),
  ],
  run: async ({ settings, words, options, terminal }) => {
    if (typeof options.person === 'string') {
      if (words[0] !== undefined) throw new SluseError('SLUSE-USAGE', 'Give an id or --person, and not both.')
      return erasePerson(settings, options.person, terminal)
    }
    if (words[0] === undefined) throw new SluseError('SLUSE-USAGE', 'Give the id of a dataset, or --person.')
    const erased = await callServer<DatasetSummary>(settings, 'POST', `${pathOf(words[0])}/erase`)
    if (terminal.json) terminal.data(erased)
    else terminal.line(`${erased.id}  erased`)
    return exitCodes.done
  },
})

async function erasePerson(
  settings: Parameters<typeof callServer>[0],
  file: string,
  terminal: Terminal,
): Promise<number> {
  const person = (file === '-' ? await readStandardInput() : await readText(file)).trim()
  const erased = await callServer<ErasedPerson>(settings, 'POST', '/api/v1/people/erase', {
    body: { person },
  })
  const { datasets, records, deadLetters, busy } = erased
  if (terminal.json) terminal.data(erased)
  else
    terminal.line(`${records} records and ${deadLetters} dead letters erased, of ${datasets.length} datasets`)
  if (busy.length === 0) return exitCodes.done
  terminal.note(`A transfer needs ${busy.join(', ')} just now: erase once more when it has ended.`)
  return exitCodes.faulted
}

/** `sluse datasets …`: speaks to the server's API. */
export const datasetsVerb = group(
  'datasets',
  'What transfers have read and keep: look, deliver again, erase.',
  [list, preview, replay, erase],
)

function pathOf(id: unknown): string {
  const text = String(id).replace(/^sluse:dataset\//, '')
  return `/api/v1/datasets/${encodeURIComponent(text)}`
}
