import { Option } from 'commander'
import type { Connections } from '../connectors/index.ts'
import { exitCodes } from './failure.ts'
import { group } from './group.ts'
import { table } from './table.ts'
import { plain } from './terminal.ts'
import { verb, type Given, type VerbOptions } from './verb.ts'

const common = {
  settings: ['project', 'http', 'log'],
  defaults: { logLevel: 'warn' },
} as const satisfies Partial<VerbOptions>

const secrets = () => new Option('--secrets <file>', 'Secrets: a file of one JSON object.')

const list = verb({
  ...common,
  name: 'list',
  about: 'List the connections of the project, and what each can do.',
  run: async (given) =>
    withConnections(given, async (connections) => {
      const all = connections.overview()
      if (given.terminal.json) given.terminal.data({ connections: all })
      else {
        const rows = all.map(({ name, type, source, targetModes }) => [
          name,
          type,
          source ? 'yes' : 'no',
          targetModes.join(', '),
        ])
        given.terminal.line(table(['CONNECTION', 'TYPE', 'SOURCE', 'TARGET'], rows))
      }
      return exitCodes.done
    }),
})

const longestCheckMs = 20_000

const check = verb({
  ...common,
  name: 'check',
  about: 'Try connections of the project, one or all: says whether each works, and why not. Touches no data.',
  arguments: [['[names...]', 'Their names. Default: all.']],
  options: [secrets()],
  run: async (given) =>
    withConnections(given, async (connections) => {
      const { problemOf } = await import('../workflow/index.ts')
      const { words, terminal } = given
      const named = (words[0] ?? []) as readonly string[]
      const names = named.length > 0 ? named : connections.list().map(({ name }) => name)
      const results = await Promise.all(
        names.map(async (name) => {
          try {
            return {
              name,
              works: true,
              message: await connections.check(name, AbortSignal.timeout(longestCheckMs)),
            }
          } catch (error) {
            const { detail, title } = problemOf(error) ?? {}
            return { name, works: false, message: detail ?? title ?? (error as Error).message }
          }
        }),
      )
      if (terminal.json) terminal.data({ connections: results })
      else {
        for (const { name, works, message } of results) {
          const mark = works ? terminal.paint('green', 'works') : terminal.paint('red', 'fails')
          terminal.line(`${name}  ${mark}  ${plain(message)}`)
        }
        if (results.length === 0) terminal.note('The project has no connections.')
      }
      return results.every(({ works }) => works) ? exitCodes.done : exitCodes.faulted
    }),
})

/** `sluse connections …`: looks at the project itself, without a server. */
export const connectionsVerb = group(
  'connections',
  'The systems that data comes from and goes to, as the project declares them.',
  [list, check],
)

async function withConnections(
  { settings, options, log }: Given,
  act: (connections: Connections) => Promise<number>,
): Promise<number> {
  const { openProjectConnections } = await import('../app.ts')
  const { openSecrets } = await import('../config/index.ts')
  const file = typeof options.secrets === 'string' ? options.secrets : undefined
  const environment = process.env
  const opened = await openProjectConnections({
    settings,
    secrets: await openSecrets({ file, environment, folder: settings.secretsDir }),
    environment,
    log,
  })
  try {
    return await act(opened.connections)
  } finally {
    await opened.close()
  }
}
