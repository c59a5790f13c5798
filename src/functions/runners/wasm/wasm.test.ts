import { execFileSync } from 'node:child_process'
import { afterAll, describe } from 'vitest'
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
