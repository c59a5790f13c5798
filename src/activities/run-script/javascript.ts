import { existsSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { processLimits } from '../../processes/index.ts'
import { es2024 } from './es2024.ts'
import type { Language } from './languages.ts'

/**
 * ES modules of ES2024, run by the Node.js that runs the server, in a process of its own. What a script imports
 * by name is what the project's `package.json` declares and `npm ci` has put into its `node_modules`.
 */
export const javascript: Language = {
  title: 'JavaScript',
  file: 'script.mjs',
  variables: (values) => ({
    file: 'variables.mjs',
    content: `Object.assign(globalThis, ${JSON.stringify(values)})\n`,
    arguments: (path) => ['--import', pathToFileURL(path).href],
  }),
  outOfMemory: /JavaScript heap out of memory/,
  async interpreter(_code, { projectFolder, processes }) {
    const modules = projectFolder === undefined ? undefined : join(projectFolder, 'node_modules')
    const megabytes = Math.max(16, Math.floor(processLimits(processes).memoryBytes / 1024 ** 2))
    return {
      command: process.execPath,
      arguments: [`--max-old-space-size=${megabytes}`, ...es2024],
      environment: {},
      beside: async (folder) => {
        if (modules !== undefined && existsSync(modules)) await symlink(modules, join(folder, 'node_modules'))
      },
    }
  },
}
