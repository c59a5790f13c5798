import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openProjectFunctions, type ListedFunction, type ProjectFunctions } from '../../app.ts'
import type { Log, Settings } from '../../config/index.ts'
import { hasCode } from '../../errors.ts'
import type { Terminal } from '../terminal.ts'
import { buildFunctions } from './build.ts'
import { openLastGood, type LastGood } from './last-good.ts'
import { notSource } from './not-source.ts'

const sources =
  /\.(?:go|mod|sum|java|xml|kt|rs|toml|cs|csproj|fs|ts|mts|js|mjs|py|php|rb|c|h|cpp|zig|swift|yaml|wasm)$/

/**
 * For `dev`: looks at each function whose source is not what it was. It is built, where it says how, and started once
 * with nothing to do. One that comes through is kept; of one that does not the last that did goes on, from the folder
 * that `folders` then has for it. Never fails.
 */
export function openRebuilder(
  settings: Settings,
  log: Log,
  terminal: Terminal,
  folders: Map<string, string> = new Map(),
): () => Promise<void> {
  const seen = new Map<string, string>()
  const lastGood = openLastGood(join(settings.data, 'last-good'), folders)
  return async () => {
    const project = await openProjectFunctions(settings, log)
    try {
      for (const each of project.list) {
        const state = JSON.stringify(await stateOf(each.folder))
        if (seen.get(each.folder) === state) continue
        seen.set(each.folder, state)
        const fault = await faultOf(each, project, terminal)
        await settle(each, fault, lastGood, terminal)
      }
    } finally {
      await project.close()
    }
  }
}

/** What keeps a function from being run. */
async function faultOf(
  each: ListedFunction,
  { functions }: ProjectFunctions,
  terminal: Terminal,
): Promise<string | undefined> {
  const reference = { name: each.name, version: each.version }
  const context = { runId: 'trial', key: '', secrets: {}, signal: new AbortController().signal }
  if (each.fault !== undefined) return each.fault
  if (each.protocol === undefined) return undefined
  try {
    await buildFunctions([each], terminal)
    return await functions.trial(reference, context)
  } catch (error) {
    if (hasCode(error, 'SLUSE-FUNCTION-BUILD')) return (error as Error).message
    return String(error)
  }
}

async function settle(
  each: ListedFunction,
  fault: string | undefined,
  lastGood: LastGood,
  terminal: Terminal,
): Promise<void> {
  if (fault === undefined) return lastGood.keep(each)
  const goesOn = lastGood.goBack(each) ? '\nWhat it was before goes on.' : ''
  terminal.note(terminal.paint('red', `${each.name}:${each.version}: ${fault}${goesOn}`))
}

async function stateOf(folder: string): Promise<unknown[]> {
  const found: unknown[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (notSource.test(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await stateOf(path)))
    else if (sources.test(entry.name)) {
      const { mtimeMs, size } = await stat(path)
      found.push([path, mtimeMs, size])
    }
  }
  return found
}
