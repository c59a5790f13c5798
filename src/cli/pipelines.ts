import { Command } from 'commander'
import { SluseError } from '../errors.ts'
import { callServer, type ServerSettings } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { table } from './table.ts'
import { plain, type Terminal } from './terminal.ts'
import { verb, type VerbOptions } from './verb.ts'

interface Pipeline {
  readonly namespace: string
  readonly name: string
  readonly version: string
  readonly title?: string
  readonly disabled?: { readonly at: string; readonly by?: string }
}

/** `sluse pipelines …`: speaks to the server's API. */
export function pipelinesVerb(done: (code: number) => void): Command {
  const command = new Command('pipelines')
    .description('The pipelines that a server has deployed: let them start runs, or not.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  for (const each of [list, action('disable'), action('enable')]) command.addCommand(each(done))
  return command
}

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

const list = verb({
  ...common,
  name: 'list',
  about: 'List the pipelines, every version of them.',
  run: async ({ settings, terminal }) => {
    const pipelines = await deployed(settings)
    if (terminal.json) terminal.data({ pipelines })
    else print(pipelines, terminal)
    return exitCodes.done
  },
})

function action(name: 'disable' | 'enable') {
  return verb({
    ...common,
    name,
    about: {
      disable:
        'Start no runs of a pipeline, whatever the version, until it is enabled again. Its schedules stand still, ' +
        'events that would start it wait, and its runs under way go on.',
      enable: 'Let a pipeline be started again. What waited for it starts.',
    }[name],
    arguments: [['<name>', 'Its name, or `namespace/name` where several have the name.']],
    run: async ({ settings, words, terminal }) => {
      const found = await find(settings, String(words[0]))
      const path = ['pipelines', found.namespace, found.name].map(encodeURIComponent).join('/')
      const changed = await callServer<Pipeline>(settings, 'POST', `/api/v1/${path}/${name}`)
      if (terminal.json) terminal.data(changed)
      else print([changed], terminal)
      return exitCodes.done
    },
  })
}

async function deployed(settings: ServerSettings): Promise<readonly Pipeline[]> {
  return (await callServer<{ pipelines: Pipeline[] }>(settings, 'GET', '/api/v1/pipelines')).pipelines
}

async function find(settings: ServerSettings, asked: string): Promise<Pipeline> {
  const found = (await deployed(settings)).filter(({ namespace, name }) =>
    asked.includes('/') ? `${namespace}/${name}` === asked : name === asked,
  )
  const [first] = found
  if (!first) throw new SluseError('SLUSE-DEFINITION-NOT-FOUND', `Asked for: ${asked}.`)
  const names = new Set(found.map(({ namespace, name }) => `${namespace}/${name}`))
  if (names.size > 1)
    throw new SluseError('SLUSE-USAGE', `Several have the name: ${[...names].join(', ')}. Give one of these.`)
  return first
}

function print(pipelines: readonly Pipeline[], terminal: Terminal): void {
  const rows = pipelines.map(({ namespace, name, version, title = '', disabled }) => [
    `${namespace}/${name}:${version}`,
    disabled ? terminal.paint('yellow', 'disabled') : terminal.paint('green', 'enabled'),
    plain(disabled ? `${disabled.at} ${disabled.by ?? ''}` : ''),
    plain(title),
  ])
  terminal.line(table(['PIPELINE', 'STATE', 'SINCE, BY', 'TITLE'], rows))
}
