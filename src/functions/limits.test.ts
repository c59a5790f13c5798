import { afterAll, expect, test } from 'vitest'
import { problemOf } from '../workflow/index.ts'
import { builtInLimits, readLimits } from './limits.ts'
import { testProject } from './testing/project.ts'

const here = {
  usual: { ...builtInLimits.usual, pool: 2, timeoutMs: 5000 },
  most: { ...builtInLimits.most, pool: 4, memoryBytes: 100_000_000 },
}
const small = testProject({ functions: { limits: here } })
afterAll(() => small.close())

test('what a function does not say is as usual here, and never more than the most', () => {
  expect(readLimits('f', {}, here)).toEqual({
    timeoutMs: 5000,
    memoryBytes: 100_000_000,
    answerBytes: 10_000_000,
    logBytes: 10_000_000,
    pool: 2,
    restarts: 10,
  })
})

test('what a function says holds', () => {
  const metadata = { memory: '64Mi', answer: '2k', log: 500, pool: 4, restarts: 3 }
  expect(readLimits('f', { timeout: { after: { minutes: 1 } }, metadata }, here)).toEqual({
    timeoutMs: 60_000,
    memoryBytes: 64 * 2 ** 20,
    answerBytes: 2000,
    logBytes: 500,
    pool: 4,
    restarts: 3,
  })
})

test.each([
  [{ timeout: { after: { hours: 2 } } }, 'timeout.after', 'to 3600 seconds'],
  [{ timeout: { after: {} } }, 'timeout.after', 'a duration'],
  [{ timeout: {} }, 'timeout.after', 'a duration'],
  [{ metadata: { memory: '200M' } }, 'metadata.memory', 'to 100000000 bytes'],
  [{ metadata: { memory: 'much' } }, 'metadata.memory', 'a size such as 512Mi'],
  [{ metadata: { memory: 1000 } }, 'metadata.memory', 'from 1000000 bytes'],
  [{ metadata: { answer: '1G' } }, 'metadata.answer', 'to 100000000 bytes'],
  [{ metadata: { log: '2G' } }, 'metadata.log', 'to 1000000000 bytes'],
  [{ metadata: { pool: 5 } }, 'metadata.pool', 'a whole number from 1 to 4'],
  [{ metadata: { pool: 1.5 } }, 'metadata.pool', 'a whole number from 1 to 4'],
  [{ metadata: { restarts: 0 } }, 'metadata.restarts', 'a whole number from 1 to 1000'],
])('%j is refused, with what may stand there', (definition, place, words) => {
  let detail: string | undefined
  try {
    readLimits('f', definition, here)
  } catch (error) {
    detail = problemOf(error)?.detail
  }
  expect(detail).toContain(`\`${place}: `)
  expect(detail).toContain(words)
})

const program = (name: string, body: string, metadata: string) =>
  small.add(name, {
    'function.yaml': `run: { shell: { command: python3 main.py } }\nmetadata: { protocol: ndjson, ${metadata} }\n`,
    'main.py': `import json, sys\nfor line in sys.stdin:\n    record = json.loads(line)\n    ${body}\n    print(json.dumps(record), flush=True)\n`,
  })

test('an answer longer than the function may give is no answer, and the others are', async () => {
  program('long', 'record["text"] = "x" * record["n"]', 'answer: 500')
  expect(await small.call('long', [{ n: 10 }, { n: 5000 }, { n: 20 }])).toMatchObject([
    { records: [{ n: 10 }] },
    { refused: { detail: expect.stringContaining('500 bytes') } },
    { records: [{ n: 20 }] },
  ])
})

test('of a log longer than it may be the rest is left out, and the function goes on', async () => {
  program('talks', 'print("x" * 99, file=sys.stderr, flush=True)', 'log: 1000, pool: 1')
  const records = Array.from({ length: 50 }, (_, n) => ({ n }))
  expect(await small.call('talks', records)).toEqual(records.map((record) => ({ records: [record] })))
  await expect.poll(() => small.logged.at(-1)?.message).toContain('more than 1000 bytes of log')
  expect(small.logged).toHaveLength(1000 / 100 + 1)
})

test('a function that never answers is given up after as many processes as it says', async () => {
  program('ends', 'sys.exit(3)', 'restarts: 2')
  const call = small.call(
    'ends',
    Array.from({ length: 9 }, (_, n) => ({ n })),
  )
  await expect(call).rejects.toMatchObject({
    problem: { detail: expect.stringMatching(/^2 processes of it in a row/) },
  })
})
