import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startFakeEngine, type FakeEngine } from '../../../../test/servers/containers/engine.ts'
import { faultOf } from '../../../http/testing/index.ts'
import { contractSuite } from '../../testing/contract-suite.ts'
import { testProject } from '../../testing/project.ts'
import { traceIdOf } from '../../trace.ts'

const project = testProject()
let engine: FakeEngine

beforeAll(async () => {
  engine = await startFakeEngine(join(project.folder, 'engine.sock'))
  vi.stubEnv('DOCKER_HOST', engine.host)
  const program = join(project.addTemplate('python', 'greet'), 'main.py')
  image('greet', ['/bin/python3', program])
  image('odd', ['/bin/python3', '-c', odd])
})
afterAll(async () => {
  await project.close()
  await engine.close()
  vi.unstubAllEnvs()
})
afterEach(() => engine.containers.clear())

const odd = `import json, os, sys, time
for line in sys.stdin:
    record = json.loads(line)
    kind = record.get("kind")
    print("at", kind, file=sys.stderr, flush=True)
    if kind == "crash": sys.exit(3)
    if kind == "text": print("debug")
    if kind == "half": sys.stdout.write('{"a":'); sys.exit(0)
    if kind == "hang": time.sleep(7301)
    if kind == "flood": print(json.dumps("x" * 9000), flush=True)
    print(json.dumps({"kind": kind, "trace": os.environ["TRACEPARENT"], "key": os.environ.get("KEY")}), flush=True)
`

function image(name: string, entrypoint: string[]): void {
  engine.images.set(`${name}:1`, { Entrypoint: entrypoint })
  project.add(name, {
    'function.yaml': `input: { schema: { document: { properties: { name: { type: string } } } } }
run: { container: { image: '${name}:1', environment: { KEY: '\${ $secrets.key }' } } }
timeout: { after: { seconds: 4 } }
metadata: { protocol: ndjson, memory: 64Mi, answer: ${name === 'odd' ? '4k' : '10M'} }
`,
  })
}

describe('an image', () => {
  contractSuite((records) => project.call('greet', records))

  test('is run once for a batch, within its memory, and removed', async () => {
    const created = engine.calls.length
    await project.call(
      'greet',
      Array.from({ length: 60 }, (_, n) => ({ name: `n${n}` })),
    )
    const calls = engine.calls.slice(created)
    expect(calls.filter((call) => call.includes('/create'))).toHaveLength(1)
    expect(calls.some((call) => call.startsWith('DELETE'))).toBe(true)
  })
})

test('a container that fails on a record is refused that record, the others go again', async () => {
  const kinds = ['a', 'crash', 'text', 'half', 'b']
  const outcomes = await project.call(
    'odd',
    kinds.map((kind) => ({ kind })),
    { secrets: { key: 'hunter22' }, runId: 'c' },
  )
  const one = (kind: string) => ({
    records: [{ kind, trace: expect.stringContaining(traceIdOf('c')), key: 'hunter22' }],
  })
  expect(outcomes).toMatchObject([
    one('a'),
    { refused: { detail: 'The function odd:1.0.0 ended with exit code 3: at crash' } },
    { refused: { detail: expect.stringContaining('"debug') } },
    { refused: { detail: expect.stringContaining('in the middle of a line') } },
    one('b'),
  ])
  expect(project.logged).toContainEqual({
    message: 'at a',
    data: { function: 'odd:1.0.0', run: 'c', trace: traceIdOf('c') },
  })
})

test('an answer longer than the function may give is refused that record alone', async () => {
  const outcomes = await project.call(
    'odd',
    ['a', 'flood', 'b'].map((kind) => ({ kind })),
  )
  expect(outcomes).toMatchObject([
    { records: [{ kind: 'a' }] },
    { refused: { detail: expect.stringContaining('4000 bytes allowed to standard output') } },
    { records: [{ kind: 'b' }] },
  ])
})

test('one that hangs is stopped after its time', async () => {
  expect(await project.call('odd', [{ kind: 'hang' }])).toMatchObject([{ refused: { status: 408 } }])
})

test('an image that is not there is a fault of the call', async () => {
  project.add('none', {
    'function.yaml': `run: { container: { image: 'none:1', pullPolicy: never } }\nmetadata: { protocol: ndjson }\n`,
  })
  expect((await faultOf(project.call('none', [{}]))).detail).toContain('none:1')
})
