import { Command } from 'commander'
import { exitCodes } from '../failure.ts'
import { table } from '../table.ts'
import { plain } from '../terminal.ts'
import { verb } from '../verb.ts'
import { buildFunctions } from './build.ts'
import { functionSettings, open, selected } from './open.ts'
import { run } from './run.ts'
import { test } from './test.ts'

/** `sluse functions …`: the project's functions, on their own. */
export function functionsVerb(done: (code: number) => void): Command {
  const command = new Command('functions')
    .description('Business logic in any language: what there is; try it; test it.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  for (const each of [list, run, test, build]) command.addCommand(each(done))
  return command
}

const list = verb({
  name: 'list',
  about: "List the project's functions, and how each is run.",
  ...functionSettings,
  run: (given) =>
    open(given, async ({ list }) => {
      const { terminal } = given
      if (terminal.json) terminal.data(list)
      else {
        const rows = list.map(({ name, version, way, protocol, title, fault }) => [
          `${name}:${version}`,
          way,
          protocol ?? '',
          plain(fault ?? title ?? ''),
        ])
        terminal.line(table(['FUNCTION', 'RUN AS', 'PROTOCOL', ''], rows))
        if (list.length === 0) terminal.note('There is none: `sluse init --function python` makes one.')
      }
      return exitCodes.done
    }),
})

const build = verb({
  name: 'build',
  arguments: [['[names...]', 'Functions: `name` or `name:version`; without, all.']],
  about: 'Build functions from their source, by the command in their `metadata.build`.',
  ...functionSettings,
  run: (given) =>
    open(given, async ({ list }) => {
      const built = await buildFunctions(selected(given.words[0], list), given.terminal)
      if (given.terminal.json) given.terminal.data({ built })
      return exitCodes.done
    }),
})
