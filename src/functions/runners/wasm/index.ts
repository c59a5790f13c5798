/** `run: script` in `wasm` with the protocol `ndjson`: a WebAssembly program for WASI, in a process of its own. */
import { fileURLToPath } from 'node:url'
import { fileOf, megabytesWithin, scriptOf } from '../files.ts'
import { declaredOf, linesRunner } from '../lines/index.ts'
import type { RunnerKind } from '../runner.ts'

const host = fileURLToPath(new URL('./wasm-host.js', import.meta.url))

export const wasmKind: RunnerKind = {
  name: 'wasm',
  words: 'run: script, language wasm,',
  protocols: ['ndjson'],
  fits: (definition) => scriptOf(definition)?.['language'] === 'wasm',
  check: (contract) => void fileOf(contract),
  open: (runnerHost) =>
    linesRunner(runnerHost, (contract, secrets) => {
      const declared = declaredOf(scriptOf(contract.definition), secrets, contract.name)
      return {
        command: process.execPath,
        arguments: [
          '--no-warnings',
          host,
          fileOf(contract),
          megabytesWithin(contract),
          ...declared.arguments,
        ],
        environment: declared.environment,
      }
    }),
}
