import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openApp, readSettings, runOnce, type App } from '../index.ts'
import { traceIdOf } from '../functions/index.ts'
import { load, type Definition } from '../workflow/definition/index.ts'

let folder: string
let app: App
const logged: { message: string; data: unknown }[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-app-functions-'))
  const { settings } = await readSettings({
    flags: { project: folder, data: join(folder, '.sluse') },
    environment: {},
  })
  app = await openApp({ settings, log: (_level, message, data) => logged.push({ message, data }) })
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

function put(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

function definitionOf(tasks: string, use = ''): Definition {
  const { definition, findings } = load(
    `document: { dsl: '1.0.3', namespace: t, name: n${Math.random().toString(36).slice(2)}, version: '1.0.0' }\n${use}do:\n${tasks}`,
  )
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  return definition as Definition
}

const run = (definition: Definition, input = {}) =>
  runOnce(app, {
    definition,
    others: [],
    input,
    events: [],
    signal: new AbortController().signal,
  })

const score = (more = '') => `input:
  schema: { document: { type: object, required: [points] } }
output:
  schema: { document: { type: object, required: [score] } }
run:
  shell:
    command: python3 main.py
    environment: { KEY: '\${ $secrets.key // "none" }' }
metadata: { protocol: ndjson }
${more}`

const main = `import json, os, subprocess, sys
subprocess.Popen(["sleep", "7201"])
for n, line in enumerate(sys.stdin):
    record = json.loads(line)
    print("at", record["points"], file=sys.stderr, flush=True)
    if record["points"] < 0:
        answer = {"error": {"detail": "Too few points.", "points": record["points"]}}
    elif record["points"] == 0:
        answer = {}
    else:
        answer = {"score": record["points"] * 2, "n": n, "trace": os.environ["TRACEPARENT"]}
    print(json.dumps(answer), flush=True)
`

test('a workflow calls a function by name, and one process answers all of its calls', async () => {
  put('functions/score/1.0.0/function.yaml', score())
  put('functions/score/1.0.0/main.py', main)
  const definition =
    definitionOf(`  - first: { call: 'score:1.0.0@default', with: { points: 1 }, export: { as: . } }
  - second: { call: 'score:1.0.0@default', with: { points: 2 } }
  - both: { set: { first: '\${ $context }', second: '\${ . }' } }
`)
  const { id, outcome } = await run(definition)
  expect(outcome).toEqual({
    status: 'completed',
    output: {
      first: { score: 2, n: 0, trace: expect.stringContaining(traceIdOf(id)) },
      second: { score: 4, n: 1, trace: expect.stringContaining(traceIdOf(id)) },
    },
  })
  const about = { function: 'score:1.0.0', run: id, trace: traceIdOf(id) }
  expect(logged.filter(({ message }) => message.startsWith('at '))).toEqual([
    { message: 'at 1', data: about },
    { message: 'at 2', data: about },
  ])
})

test('what a function refuses is caught as any error, with what it said', async () => {
  const definition = definitionOf(`  - attempt:
      try:
        - scored: { call: 'score:1.0.0@default', with: { points: -5 } }
      catch:
        as: error
        do:
          - said: { set: { detail: '\${ $error.detail }', points: '\${ $error.points }' } }
`)
  const { outcome } = await run(definition)
  expect(outcome).toEqual({ status: 'completed', output: { detail: 'Too few points.', points: -5 } })
})

test.each([
  ['input', '{ none: 1 }', /By .*input/],
  ['output', '{ points: 0 }', /By .*output/],
])('its %s schema holds in a workflow, too', async (_part, given, detail) => {
  const { outcome } = await run(definitionOf(`  - scored: { call: 'score:1.0.0@default', with: ${given} }\n`))
  expect(outcome).toMatchObject({ status: 'faulted', error: { detail: expect.stringMatching(detail) } })
})

test('a function of the workflow itself may be one, too', async () => {
  const use = `use:
  functions:
    double:
      run: { shell: { command: 'while read -r line; do echo "[$line,$line]"; done' } }
      metadata: { protocol: ndjson }
`
  const { outcome } = await run(definitionOf(`  - doubled: { call: double, with: { a: 1 } }\n`, use))
  expect(outcome).toEqual({ status: 'completed', output: [{ a: 1 }, { a: 1 }] })
})

test('the end of a run is the end of its processes', async () => {
  const { readdir, readFile } = await import('node:fs/promises')
  await run(definitionOf(`  - scored: { call: 'score:1.0.0@default', with: { points: 1 } }\n`))
  await vi.waitFor(async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const lines = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
    )
    expect(lines.filter((line) => line === 'sleep\x007201\x00')).toEqual([])
  }, 20_000)
})
