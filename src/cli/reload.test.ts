import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { definition, openFolder, type Running } from './testing/command.ts'

const patient = { timeout: 60_000 }
const started: Running[] = []
const folders: ReturnType<typeof openFolder>[] = []
afterEach(async () => {
  for (const running of started.splice(0)) {
    running.process.kill('SIGTERM')
    await running.done
  }
})
afterAll(() => folders.forEach((folder) => folder.remove()))

async function start(verb: 'dev' | 'serve', files: { [file: string]: string }) {
  const folder = openFolder(files)
  folders.push(folder)
  const running = folder.start([verb, '--port', '0', '--log-level', 'info', '--output', 'json'])
  started.push(running)
  const [, url = ''] = await running.until(/"url": "(http:[^"]+)"/)
  let from = 0
  /** Waits for what is said from now on, or has been since the last time. */
  const said = async (pattern: RegExp) => {
    const found = () => {
      const match = pattern.exec(running.text().slice(from))
      if (match) from += match.index + match[0].length
      return match !== null
    }
    await expect.poll(found, { ...patient, message: String(pattern) }).toBe(true)
  }
  const run = async (input = {}) => {
    const answer = await fetch(`${url}/api/v1/pipelines/test/ask/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input }),
    })
    const { id } = (await answer.json()) as { id: string }
    return async () => {
      const output = async () => (await fetch(`${url}/api/v1/runs/${id}/output`)).json()
      let last: unknown
      await expect.poll(async () => (last = await output()), patient).toHaveProperty('version')
      return (last as { version: number }).version
    }
  }
  return { folder, running, url, said, run }
}

/** Answers with its version; for a record that says so once there is a file `go`. */
const program = (version: number) => `import json, os, sys, time
for line in sys.stdin:
    record = json.loads(line)
    if record.get("wait"):
        print("waiting", file=sys.stderr, flush=True)
        while not os.path.exists("go"): time.sleep(0.02)
    print(json.dumps({"version": ${version}}), flush=True)
`
const yaml = 'run: { shell: { command: python3 main.py } }\nmetadata: { protocol: ndjson }\n'
const at = (file: string) => `functions/which/1.0.0/${file}`

describe('sluse dev', () => {
  test(
    'takes up a function that was changed; a broken one says where, and the last good one goes on',
    { timeout: 120_000 },
    async () => {
      const { folder, said, run } = await start('dev', {
        [at('function.yaml')]: yaml,
        [at('main.py')]: program(1),
        'pipelines/ask.yaml': definition(
          'ask',
          "  - ask: { call: 'which:1.0.0@default', with: { wait: '${ .wait }' } }",
        ),
      })
      const version = async () => (await run())()
      expect(await version()).toBe(1)

      const underWay = await run({ wait: true })
      await said(/"waiting"/)
      folder.write(at('main.py'), program(2))
      await said(/1 pipeline running/)
      await expect.poll(version, patient).toBe(2)
      folder.write(at('go'), '')
      expect(await underWay()).toBe(1)

      folder.write(at('main.py'), program(3).replace('if record', 'if if record'))
      await said(/which:1\.0\.0: [^]*main\.py", line 4[^]*SyntaxError[^]*What it was before goes on/)
      await said(/1 pipeline running/)
      expect(await version()).toBe(2)

      folder.write(at('main.py'), program(4))
      await expect.poll(version, patient).toBe(4)

      folder.write(at('function.yaml'), yaml.replace('ndjson', 'soap'))
      await said(/"soap"[^]*What it was before goes on[^]*function\.yaml:1:1/)
      expect(await version()).toBe(4)
    },
  )
})

describe('sluse serve', () => {
  const policy = (name: string) => `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: finance }
spec:
  policies: { retries: { ${name}: { maxRetries: 5 } } }
  targets: { apps: { finance: { retry: ${name} } } }
`
  test('reads the project anew on SIGHUP: policies and pipelines, and what is broken stays as it was', async () => {
    const { folder, running, url, said } = await start('serve', {
      'policies/finance.yaml': policy('first'),
      'connections/finance.yaml': `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: finance }
spec: { baseUrl: 'http://finance.test' }
`,
      'pipelines/old.yaml': definition('old', '  - nothing: { set: { a: 1 } }'),
    })
    const inForce = async () => {
      const answer = await fetch(`${url}/api/v1/targets/finance`)
      return ((await answer.json()) as { policies: { retry: string } }).policies.retry
    }
    expect(await inForce()).toBe('first')

    folder.write('policies/finance.yaml', policy('second'))
    folder.write('pipelines/new.yaml', definition('new', '  - nothing: { set: { a: 1 } }'))
    rmSync(join(folder.folder, 'pipelines/old.yaml'))
    running.process.kill('SIGHUP')
    await said(/Other policies are in force[^]*read anew/)
    expect(await inForce()).toBe('second')
    const pipelines = (await (await fetch(`${url}/api/v1/pipelines`)).json()) as {
      pipelines: { name: string }[]
    }
    expect(pipelines.pipelines.map(({ name }) => name)).toEqual(['new'])

    folder.write('policies/finance.yaml', policy('third').replace('retry: third', 'retry: fourth'))
    running.process.kill('SIGHUP')
    await said(/No retry policy is named \\"fourth\\"[^]*read anew/)
    expect(await inForce()).toBe('second')
  })
})
