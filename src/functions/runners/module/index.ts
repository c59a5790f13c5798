/**
 * `run: script` in `js` or `ts` with the protocol `module`: a module whose default export takes a record and returns
 * the answer, or a promise of it. It runs in a worker thread, in a process that is the function's own.
 */
import { fileURLToPath } from 'node:url'
import { fault } from '../../../workflow/index.ts'
import { fileOf, scriptOf } from '../files.ts'
import { runByNode } from '../node-host.ts'
import type { RunnerKind } from '../runner.ts'

const languages = ['js', 'javascript', 'ts', 'typescript']
const host = fileURLToPath(new URL('./module-host.js', import.meta.url))

export const moduleKind: RunnerKind = {
  name: 'module',
  words: 'run: script, language js or ts,',
  protocols: ['module'],
  fits: (definition) => languages.includes(String(scriptOf(definition)?.['language'])),
  check(contract) {
    const file = fileOf(contract)
    if (!/\.(?:m?js|m?ts)$/.test(file)) {
      throw fault(
        'configuration',
        `The function ${contract.name} is a module, so its file ends in .js, .mjs or .ts.`,
      )
    }
  },
  open: runByNode(host),
}
