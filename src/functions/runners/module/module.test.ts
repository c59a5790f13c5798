import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { faultOf } from '../../../http/testing/index.ts'
import { contractSuite } from '../../testing/contract-suite.ts'
import { testProject } from '../../testing/project.ts'
import { traceIdOf } from '../../trace.ts'

const project = testProject()
afterAll(() => project.close())
afterEach(() => (project.logged.length = 0))

function module(name: string, file: string, code: string, metadata = 'protocol: module'): void {
  project.add(name, {
    'function.yaml': `run: { script: { language: js, source: { endpoint: ${file} } } }\nmetadata: { ${metadata} }\n`,
    [file]: code,
  })
}

const one = async (name: string, record = {}) => (await project.call(name, [record]))[0]

describe('the template in TypeScript', () => {
  project.addTemplate('typescript')
  contractSuite((records) => project.call('typescript', records))
})

test('a module may import others beside it, and answer later', async () => {
  module(
    'later',
    'main.ts',
    `import { twice } from './twice.ts'
    export default async (record: { n: number }) => { await null; return { n: twice(record.n) } }`,
  )
  project.add('later', { 'twice.ts': 'export const twice = (n: number): number => n * 2' })
  expect(await one('later', { n: 4 })).toEqual({ records: [{ n: 8 }] })
})

test('what it prints is log, and never gets between the answers', async () => {
  module(
    'prints',
    'main.mjs',
    'console.log("hello"); export const handle = (record) => { console.log("at", record.n); return record }',
  )
  expect(await project.call('prints', [{ n: 1 }, { n: 2 }])).toEqual([
    { records: [{ n: 1 }] },
    { records: [{ n: 2 }] },
  ])
  await expect.poll(() => project.logged.map(({ message }) => message)).toEqual(['hello', 'at 1', 'at 2'])
  expect(project.logged[0]?.data).toMatchObject({ run: 'run-1', trace: traceIdOf('run-1') })
})

test('it gets the trace of its run', async () => {
  module('traced', 'main.mjs', 'export default (record, { traceparent, runId }) => ({ traceparent, runId })')
  expect(await one('traced')).toEqual({
    records: [{ runId: 'run-1', traceparent: expect.stringContaining(traceIdOf('run-1')) }],
  })
})

test('what it throws is a failure on that record alone, in the same process', async () => {
  module(
    'throws',
    'main.mjs',
    'let n = 0; export default (record) => { n += 1; if (record.bad) throw new Error("no good"); return { n } }',
  )
  const outcomes = await project.call('throws', [{}, { bad: true }, {}])
  expect(outcomes).toMatchObject([
    { records: [{ n: 1 }] },
    { refused: { type: expect.stringMatching(/runtime$/), status: 500, detail: 'Error: no good' } },
    { records: [{ n: 3 }] },
  ])
})

test.each([
  ['returns nothing', 'export default () => undefined', /returned nothing/],
  ['exits', 'export default () => process.exit(9)', /exit code 9/],
  [
    'needs too much memory',
    'export default () => { const all = []; for (;;) all.push(new Array(1e5).fill(1.5)) }',
    /memory/,
  ],
])('one that %s is told so', async (name, code, detail) => {
  module(name.replaceAll(' ', '-'), 'main.mjs', code, 'protocol: module, memory: 200M')
  expect(await one(name.replaceAll(' ', '-'))).toMatchObject({
    refused: { detail: expect.stringMatching(detail) },
  })
})

test('one that does not return is ended after its time', async () => {
  project.add('endless', {
    'function.yaml':
      'run: { script: { language: js, source: { endpoint: main.mjs } } }\ntimeout: { after: { seconds: 2 } }\nmetadata: { protocol: module }\n',
    'main.mjs': 'export default (record) => { while (record.endless); return record }',
  })
  expect(await project.call('endless', [{ n: 1 }, { endless: true }, { n: 2 }])).toMatchObject([
    { records: [{ n: 1 }] },
    { refused: { status: 408 } },
    { records: [{ n: 2 }] },
  ])
})

test.each([
  ['../../../outside.mjs', /not a file in its folder/],
  ['https://example.dk/main.mjs', /not a file in its folder/],
  ['main.py', /ends in .js/],
])('a source of %s is refused', async (file, detail) => {
  project.add('elsewhere', {
    'function.yaml': `run: { script: { language: js, source: { endpoint: '${file}' } } }\nmetadata: { protocol: module }\n`,
  })
  expect((await faultOf(one('elsewhere'))).detail).toMatch(detail)
})
