import { Command, Option } from 'commander'
import {
  createLog,
  environmentName,
  flagName,
  readSettings,
  settingGroups,
  settingsTable,
  type Log,
  type Setting,
  type SettingGroup,
  type SettingName,
  type Settings,
} from '../config/index.ts'
import { report } from './failure.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/** How a verb is declared. */
export interface VerbOptions {
  readonly name: string
  /** As Commander has it: `<file>`, `[paths...]`. */
  readonly arguments?: readonly (readonly [name: string, about: string])[]
  readonly about: string
  /** Which settings it takes as flags. */
  readonly settings: readonly SettingGroup[]
  /** Settings of those groups that make no sense for it. */
  readonly without?: readonly SettingName[]
  /** Where it has another default than the table says. */
  readonly defaults?: { readonly [N in SettingName]?: unknown }
  /** The first argument is the project's folder, which counts as its flag. */
  readonly projectFirst?: true
  /** Its own options. */
  readonly options?: readonly Option[]
  /** Does it, and gives the exit code. */
  readonly run: (given: Given) => Promise<number>
}

export interface Given {
  readonly terminal: Terminal
  readonly settings: Settings
  readonly log: Log
  /** Arguments in their order; a variadic one is a list. */
  readonly words: readonly (string | readonly string[] | undefined)[]
  /** Its own options by their names in camel case. */
  readonly options: { readonly [name: string]: unknown }
  /** Which settings somebody set by flag or environment. */
  readonly isSet: (name: SettingName) => boolean
}

/** A command of the command line. */
export function verb(options: VerbOptions): (done: (code: number) => void) => Command {
  return (done) => {
    const command = new Command(options.name)
      .description(options.about)
      .helpOption('-h, --help', 'Print help.')
    for (const [name, about] of options.arguments ?? []) command.argument(name, about)
    for (const option of options.options ?? []) command.addOption(option)
    command.addOption(
      new Option('--output <format>', 'How to print: for people, or JSON alone on standard output.')
        .choices(['human', 'json'])
        .default('human'),
    )
    const flags = settingFlags(options)
    for (const { option } of flags) command.addOption(option)

    command.action(async (...all: unknown[]) => {
      const words = all.slice(0, -2) as Given['words']
      const own = command.opts()
      const terminal = openTerminal(own.output === 'json')
      try {
        const given = Object.fromEntries(flags.map(({ name, option }) => [name, own[option.attributeName()]]))
        const project = options.projectFirst ? words[0] : undefined
        const { settings, warnings } = await readSettings({
          flags: { ...given, ...(project !== undefined && { project }) },
          ...(options.defaults && { defaults: options.defaults }),
        })
        for (const warning of warnings) terminal.note(warning)
        const log = createLog(settings.logLevel)
        const isSet = (name: SettingName) =>
          given[name] !== undefined || Boolean(process.env[environmentName(name)])
        done(await options.run({ terminal, settings, log, words, options: own, isSet }))
      } catch (error) {
        done(report(error, terminal))
      }
    })
    return command
  }
}

function settingFlags({ settings, without = [], defaults = {} }: VerbOptions) {
  return (Object.keys(settingsTable) as SettingName[])
    .filter((name) => settings.includes(settingsTable[name].group) && !without.includes(name))
    .filter((name) => !(settingsTable[name] as Setting).secret)
    .map((name) => {
      const { type, default: standard, about, group }: Setting = settingsTable[name]
      const placeholder = type.placeholder === '' ? '' : ` ${type.placeholder}`
      const value = defaults[name] ?? standard
      const notes = [
        `env: ${environmentName(name)}`,
        ...(value === undefined || value === false
          ? []
          : [`default: ${type.show(value as NonNullable<unknown>)}`]),
      ]
      const option = new Option(`--${flagName(name)}${placeholder}`, `${about} (${notes.join(', ')})`)
      return { name, option: option.helpGroup(`${settingGroups[group]}:`) }
    })
}
