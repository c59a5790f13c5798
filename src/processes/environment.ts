import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import type { ProcessSettings } from './settings.ts'

export type Environment = { readonly [name: string]: string }

/**
 * All that a process finds in its environment: what the definition declares, and the least that programs need.
 * Nothing of the server's own environment, where its secrets are.
 */
export function environmentOf(
  declared: Environment,
  folder: string,
  settings: ProcessSettings = {},
): Environment {
  return {
    PATH: searchPath(settings),
    LANG: 'C.UTF-8',
    HOME: folder,
    TMPDIR: folder,
    ...declared,
  }
}

export function searchPath(settings: ProcessSettings = {}): string {
  return settings.path ?? [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter)
}

/** The absolute path of a command on `path`, `undefined` where there is none that can be run. */
export async function findCommand(command: string, path: string): Promise<string | undefined> {
  const candidates = isAbsolute(command)
    ? [command]
    : command.includes('/')
      ? []
      : path.split(delimiter).map((folder) => join(folder, command))
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK)
      if ((await stat(candidate)).isFile()) return candidate
    } catch {
      // Not there, or not to be run: the next folder may have it.
    }
  }
  return undefined
}
