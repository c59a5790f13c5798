import { Option } from 'commander'
import type { DatasetPage, DatasetSummary, Preview } from '../transfer/index.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { group } from './group.ts'
import { table } from './table.ts'
import { plain } from './terminal.ts'
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
  about: 'Destroy the key of a dataset: nobody can read it or its dead letters any more.',
  arguments: [['<id>', 'Its id.']],
  run: async ({ settings, words, terminal }) => {
    const erased = await callServer<DatasetSummary>(settings, 'POST', `${pathOf(words[0])}/erase`)
    if (terminal.json) terminal.data(erased)
    else terminal.line(`${erased.id}  erased`)
    return exitCodes.done
  },
})

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
