/** `run: script` in `wasm` with the protocol `ndjson`: a WebAssembly program for WASI, in a process of its own. */
import { fileURLToPath } from 'node:url'
import { fileOf, scriptOf } from '../files.ts'
import { runByNode } from '../node-host.ts'
import type { RunnerKind } from '../runner.ts'

const host = fileURLToPath(new URL('./wasm-host.js', import.meta.url))

export const wasmKind: RunnerKind = {
  name: 'wasm',
  words: 'run: script, language wasm,',
  protocols: ['ndjson'],
  fits: (definition) => scriptOf(definition)?.['language'] === 'wasm',
  check: (contract) => void fileOf(contract),
  open: runByNode(host),
}
