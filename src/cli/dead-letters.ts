import { Option } from 'commander'
import type { LetterDetail, LetterPage } from '../transfer/index.ts'
import { SluseError } from '../errors.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { group } from './group.ts'
import { readJsonOption } from './json-input.ts'
import { table } from './table.ts'
import { plain } from './terminal.ts'
import { verb, type Given, type VerbOptions } from './verb.ts'

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

const filters = () => [
  new Option('--transfer <id>', 'Only those of this transfer.'),
  new Option('--target <name>', 'Only those that this target refused.'),
  new Option('--pipeline <name>', 'Only of this pipeline: `name` or `namespace/name`.'),
]

const list = verb({
  ...common,
  name: 'list',
  about: 'List dead letters, newest first.',
  options: [
    new Option('--status <status>', 'open, replaying, replayed, discarded.').default('open'),
    ...filters(),
    new Option('--limit <number>', 'At most so many, 1 to 500.').default('50'),
  ],
  run: async ({ settings, options, terminal }) => {
    const { status, limit } = options
    const page = await callServer<LetterPage>(settings, 'GET', '/api/v1/dead-letters', {
      query: { status, limit, ...filtersOf(options) },
    })
    if (terminal.json) terminal.data(page)
    else {
      const rows = page.letters.map((letter) => [
        String(letter.number),
        letter.status,
        plain(letter.target ?? (letter.step === undefined ? 'reading' : `step ${letter.step}`)),
        plain(letter.origin),
        String(letter.attempts),
        plain(letter.problem.detail ?? letter.problem.title ?? letter.problem.type).slice(0, 80),
      ])
      terminal.line(table(['NUMBER', 'STATUS', 'FAILED AT', 'ORIGIN', 'ATTEMPTS', 'WHY'], rows))
      if (page.next !== undefined) terminal.note('There are more: raise --limit, or ask for fewer.')
    }
    return exitCodes.done
  },
})

const show = verb({
  ...common,
  name: 'show',
  about: 'Show one dead letter with its record; what is marked as personal data is hidden.',
  arguments: [['<number>', 'Its number.']],
  run: async ({ settings, words, terminal }) => {
    const letter = await callServer<LetterDetail>(settings, 'GET', pathOf(words[0]))
    if (terminal.json) terminal.data(letter)
    else {
      const { number, status, origin, attempts, problem, record, raw } = letter
      terminal.line(`${number}  ${status}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`)
      terminal.line(`from ${plain(origin)}`)
      terminal.line(terminal.paint('red', plain(problem.detail ?? problem.title ?? problem.type)))
      terminal.line('')
      terminal.line(record === undefined ? plain(raw ?? '(hidden)') : JSON.stringify(record, null, 2))
    }
    return exitCodes.done
  },
})

const edit = verb({
  ...common,
  name: 'edit',
  about: 'Put a corrected record in its place. What is hidden and left so stays as it was.',
  arguments: [['<number>', 'Its number.']],
  options: [
    new Option(
      '-r, --record <json>',
      'The record: JSON, @file, or - for standard input.',
    ).makeOptionMandatory(),
  ],
  run: async ({ settings, words, options, terminal }) => {
    const record = await readJsonOption('--record', String(options.record))
    const letter = await callServer<LetterDetail>(settings, 'PUT', pathOf(words[0]), { body: { record } })
    if (terminal.json) terminal.data(letter)
    else terminal.line(`${letter.number}  edited`)
    return exitCodes.done
  },
})

function bulk(name: 'replay' | 'discard', about: string) {
  return verb({
    ...common,
    name,
    about,
    arguments: [['[numbers...]', 'Their numbers.']],
    options: [new Option('--all', 'All open ones, or those that the other options tell.'), ...filters()],
    run: async ({ settings, words, options, terminal }) => {
      const numbers = ((words[0] ?? []) as readonly string[]).map(Number)
      const where = filtersOf(options)
      const some = Object.values(where).some((value) => value !== undefined)
      if (numbers.length > 0 === (options.all === true || some)) {
        throw new SluseError('SLUSE-USAGE', 'Give numbers, or --all, --transfer, --target or --pipeline.')
      }
      const body = numbers.length > 0 ? { numbers } : { where: { status: 'open', ...where } }
      const answer = await callServer<{ letters: number; transfers?: string[] }>(
        settings,
        'POST',
        `/api/v1/dead-letters/${name}`,
        { body },
      )
      if (terminal.json) terminal.data(answer)
      else {
        terminal.line(`${answer.letters} ${name === 'replay' ? 'under way again' : 'discarded'}`)
        for (const transfer of answer.transfers ?? []) terminal.line(transfer)
      }
      return exitCodes.done
    },
  })
}

/** `sluse deadletters …`: speaks to the server's API. */
export const deadLettersVerb = group(
  'deadletters',
  'Records that could not be read, worked on or delivered: look, correct, replay.',
  [
    list,
    show,
    edit,
    bulk('replay', 'Go on with dead letters, each from where it failed.'),
    bulk('discard', 'Do nothing more about dead letters.'),
  ],
)

function pathOf(number: unknown): string {
  return `/api/v1/dead-letters/${encodeURIComponent(String(number))}`
}

function filtersOf({ transfer, target, pipeline }: Given['options']) {
  const [name, namespace] = String(pipeline ?? '')
    .split('/')
    .reverse()
  return { transfer, target, name: name === '' ? undefined : name, namespace }
}
