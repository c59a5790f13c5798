import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { contractSuite } from '../../testing/contract-suite.ts'
import { testProject } from '../../testing/project.ts'
import { has } from '../../testing/toolchain.ts'

const project = testProject()
afterAll(() => project.close())

describe.skipIf(!has('go'))('the template in Go, built for WebAssembly', () => {
  const folder = project.addTemplate('go', 'wasm')
  if (has('go')) {
    const environment = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOFLAGS: '-mod=mod' }
    execFileSync('go', ['build', '-o', 'main.wasm', '.'], { cwd: folder, env: environment })
  }
  project.add('wasm', {
    'function.yaml':
      'input: { schema: { document: { properties: { name: { type: string } } } } }\n' +
      'run: { script: { language: wasm, source: { endpoint: main.wasm } } }\nmetadata: { protocol: ndjson }\n',
  })
  contractSuite((records) => project.call('wasm', records))
})

/**
 * `(module (memory (export "memory") 1) (func (export "_start") (loop …)))`, whose loop grows the memory by 16 pages,
 * writes into all of them, and begins anew.
 */
const leaking = [
  [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  [0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
  [0x03, 0x02, 0x01, 0x00],
  [0x05, 0x03, 0x01, 0x00, 0x01],
  [0x07, 0x13, 0x02, 0x06, ...Buffer.from('memory'), 0x02, 0x00, 0x06, ...Buffer.from('_start'), 0x00, 0x00],
  [0x0a, 0x1a, 0x01, 0x18, 0x00, 0x03, 0x40],
  // memory.fill(memory.grow(16) << 16, 1, 1 MiB); br 0
  [0x41, 0x10, 0x40, 0x00, 0x41, 0x10, 0x74, 0x41, 0x01, 0x41, 0x80, 0x80, 0xc0, 0x00, 0xfc, 0x0b, 0x00],
  [0x0c, 0x00, 0x0b, 0x0b],
].flat()

test('a program that takes more memory than it is allowed is refused its record', async () => {
  const folder = project.add('leaks', {
    'function.yaml':
      'run: { script: { language: wasm, source: { endpoint: main.wasm } } }\nmetadata: { protocol: ndjson, memory: 150M }\n',
  })
  writeFileSync(join(folder, 'main.wasm'), Uint8Array.from(leaking))
  expect(await project.call('leaks', [{}])).toMatchObject([
    { refused: { detail: expect.stringContaining('memory access out of bounds') } },
  ])
})
