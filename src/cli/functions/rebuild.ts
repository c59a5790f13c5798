import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openProjectFunctions } from '../../app.ts'
import type { Log, Settings } from '../../config/index.ts'
import { hasCode } from '../../errors.ts'
import type { Terminal } from '../terminal.ts'
import { buildFunctions } from './build.ts'

/** What build tools write, and what they fetch: neither is source. */
export const notSource =
  /(?:^|[/\\])(?:target|out|bin|obj|vendor|node_modules|__pycache__|\.[^/\\.][^/\\]*)(?:[/\\]|$)/

const sources = /\.(?:go|mod|sum|java|xml|kt|rs|toml|cs|csproj|fs|ts|mts|js|mjs|c|h|cpp|zig|swift|yaml)$/

/** For `dev`: builds each function whose source is not the one that it was built from last. Never fails. */
export function openRebuilder(settings: Settings, log: Log, terminal: Terminal): () => Promise<void> {
  const builtFrom = new Map<string, string>()
  return async () => {
    const project = await openProjectFunctions(settings, log)
    await project.close()
    for (const each of project.list) {
      if (each.build === undefined) continue
      const state = JSON.stringify(await stateOf(each.folder))
      if (builtFrom.get(each.folder) === state) continue
      builtFrom.set(each.folder, state)
      try {
        await buildFunctions([each], terminal)
      } catch (error) {
        if (!hasCode(error, 'SLUSE-FUNCTION-BUILD')) throw error
        terminal.note(terminal.paint('red', (error as Error).message))
      }
    }
  }
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
