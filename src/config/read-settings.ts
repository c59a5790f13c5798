import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SluseError } from '../errors.ts'
import type { SettingType } from './setting-types.ts'
import { path } from './setting-types.ts'
import {
  environmentName,
  fileName,
  flagName,
  settingsTable,
  type Setting,
  type SettingName,
} from './settings-table.ts'

type Table = typeof settingsTable

/** Every setting with its value. Paths are absolute. */
export type Settings = {
  readonly [N in SettingName]: Table[N] extends Setting<infer T> ? T : never
}

export interface SettingsSources {
  /** What stood on the command line, by setting. */
  readonly flags?: { readonly [name: string]: unknown }
  readonly environment?: { readonly [name: string]: string | undefined }
  /** Defaults in the place of the table's. */
  readonly defaults?: { readonly [N in SettingName]?: unknown }
  /** From where relative paths of flags and environment are meant. Default: the working folder. */
  readonly workingFolder?: string
}

export interface ReadSettings {
  readonly settings: Settings
  /** Sentences on what was found but means nothing, such as a misspelt variable. */
  readonly warnings: readonly string[]
}

/** The name of the settings file in a project's folder. */
const settingsFile = 'sluse.yaml'

/**
 * The settings: flag before environment before `sluse.yaml` before default.
 * @throws SluseError `SLUSE-SETTING`, which names every value that is not valid and where it came from
 */
export async function readSettings(sources: SettingsSources = {}): Promise<ReadSettings> {
  const { flags = {}, environment = process.env, defaults = {}, workingFolder = process.cwd() } = sources
  const faults: string[] = []
  const from = (value: unknown, source: string, folder: string): Candidate[] =>
    value === undefined || value === '' ? [] : [{ value, source, folder }]

  const choose = (name: SettingName, file: { [key: string]: unknown }, projectFolder: string): unknown => {
    const { type, default: declared, secret } = settingsTable[name] as Setting
    const standard = defaults[name] ?? declared
    const variable = environmentName(name)
    const key = fileName(name)
    const [chosen] = [
      ...from(secret ? undefined : flags[name], `--${flagName(name)}`, workingFolder),
      ...from(environment[variable], variable, workingFolder),
      ...from(key && file[key], `${key} in ${settingsFile}`, projectFolder),
      ...from(standard, 'default', name === 'project' ? workingFolder : projectFolder),
    ]
    if (!chosen) return undefined
    if (chosen.value === standard) return isPath(type) ? resolve(chosen.folder, standard as string) : standard
    try {
      const value = type.parse(chosen.value)
      return isPath(type) ? resolve(chosen.folder, value as string) : value
    } catch (error) {
      const shown = secret ? 'not valid' : JSON.stringify(chosen.value)
      faults.push(`${chosen.source} is ${shown}. ${(error as Error).message}`)
      return undefined
    }
  }

  const project = choose('project', {}, workingFolder) as string | undefined
  const file = project === undefined ? {} : await readFileSettings(project, faults)
  const settings = Object.fromEntries(
    (Object.keys(settingsTable) as SettingName[]).map((name) => [
      name,
      name === 'project' ? project : choose(name, file, project ?? workingFolder),
    ]),
  )
  if (faults.length > 0) throw new SluseError('SLUSE-SETTING', faults.join(' '), { data: faults })
  return { settings: settings as unknown as Settings, warnings: misspelt(environment) }
}

interface Candidate {
  readonly value: unknown
  readonly source: string
  readonly folder: string
}

function isPath(type: SettingType<unknown>): boolean {
  return type === (path as SettingType<unknown>)
}

async function readFileSettings(project: string, faults: string[]): Promise<{ [key: string]: unknown }> {
  let text: string
  try {
    text = await readFile(join(project, settingsFile), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') faults.push(`${settingsFile} cannot be read (${code}).`)
    return {}
  }
  if (text.length > 100_000) {
    faults.push(`${settingsFile} is larger than 100 kB.`)
    return {}
  }
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text)
  const [error] = document.errors
  if (error) {
    faults.push(`${settingsFile} is not valid YAML: ${error.message.split('\n')[0]}`)
    return {}
  }
  let content: unknown
  try {
    content = document.toJS({ maxAliasCount: 0 })
  } catch {
    faults.push(`${settingsFile} has an alias, which settings have no use for.`)
    return {}
  }
  if (content === null) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    faults.push(`${settingsFile} must be a map of settings.`)
    return {}
  }
  const known = new Set((Object.keys(settingsTable) as SettingName[]).map(fileName))
  for (const key of Object.keys(content)) {
    if (!known.has(key))
      faults.push(`${settingsFile} has ${JSON.stringify(key)}, which is no setting for it.`)
  }
  return content as { [key: string]: unknown }
}

/** Variables of ours that are no settings: those of secrets, and of the project's own tests. */
const otherVariables = /^SLUSE_(?:SECRET_.+|TEST_.+|SKIP_.+)$/

function misspelt(environment: { readonly [name: string]: string | undefined }): string[] {
  const known = new Set((Object.keys(settingsTable) as SettingName[]).map(environmentName))
  return Object.keys(environment)
    .filter((name) => name.startsWith('SLUSE_') && !known.has(name) && !otherVariables.test(name))
    .map((name) => `The environment has ${name}, which is no setting.`)
}

/** For what is run by hand or as a test: with its data on a disk of its own, whatever the installation has. */
export const inThisProcess = { engine: 'embedded', role: 'all', databaseUrl: undefined } as const
