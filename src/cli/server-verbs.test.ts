import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { definition, openFolder, type Running } from './testing/command.ts'

let folder: ReturnType<typeof openFolder>
let started: Running[] = []
beforeEach(() => {
  folder = openFolder({
    'pipelines/wait.yaml': definition(
      'wait',
      '  - hear: { listen: { to: { one: { with: { type: test.go } } } } }',
    ),
    'pipelines/quick.yaml': definition('quick', '  - a: { set: { x: 1 } }'),
  })
})
afterEach(async () => {
  for (const running of started.splice(0)) {
    running.process.kill('SIGKILL')
    await running.done
  }
  folder.remove()
})

async function serve(...words: string[]): Promise<Running & { url: string }> {
  const running = folder.start([...words, '--port', '0', '--output', 'json'])
  started = [...started, running]
  const [, url = ''] = await running.until(/"url": "(http:[^"]+)"/)
  return { ...running, url }
}

const post = async (url: string, body: unknown, type = 'application/json') =>
  fetch(url, { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) })
const status = async (url: string, id: string) =>
  ((await (await fetch(`${url}/api/v1/runs/${id}`)).json()) as { status: string }).status

describe('sluse serve', () => {
  test('goes on after kill -9 with what it has acknowledged', async () => {
    const first = await serve('serve')
    const answer = await post(`${first.url}/api/v1/pipelines/test/wait/runs`, {})
    const { id } = (await answer.json()) as { id: string }
    first.process.kill('SIGKILL')
    await first.done

    const second = await serve('serve')
    expect(['running', 'waiting']).toContain(await status(second.url, id))
    const event = { specversion: '1.0', id: '1', source: '/s', type: 'test.go' }
    expect((await post(`${second.url}/events`, event, 'application/cloudevents+json')).status).toBe(202)
    await expect.poll(async () => status(second.url, id), { timeout: 10_000 }).toBe('completed')
    second.process.kill('SIGTERM')
    expect((await second.done).code).toBe(0)
  })

  test('is asked and told by `sluse runs`', async () => {
    const { url } = await serve('serve')
    const runs = async (...words: string[]) => folder.run('runs', ...words, '--server', url)
    const { id } = (await (await post(`${url}/api/v1/pipelines/test/wait/runs`, {})).json()) as { id: string }
    expect((await runs('list')).out).toContain(id)
    expect(JSON.parse((await runs('list', '--status', 'faulted', '--output', 'json')).out)).toEqual({
      runs: [],
    })
    expect((await runs('suspend', id)).out).toContain('suspended')
    expect((await runs('resume', id)).code).toBe(0)
    expect((await runs('show', id)).out).toContain('/do/0/hear')
    expect((await runs('cancel', id)).code).toBe(0)
    expect((await runs('logs', id, '--follow')).out).toContain('cancelled')
    const rerun = await runs('rerun', id, '--output', 'json')
    expect(JSON.parse(rerun.out)).toMatchObject({ existing: false })
    const unknown = await runs('show', 'none')
    expect(unknown.code).toBe(1)
    expect(unknown.err).toContain('SLUSE-RUN-NOT-FOUND')
  })

  test('is asked and told by `sluse pipelines`', async () => {
    const { url } = await serve('serve')
    const pipelines = async (...words: string[]) => folder.run('pipelines', ...words, '--server', url)
    expect((await pipelines('disable', 'test/quick')).out).toMatch(/test\/quick:1.0.0 +disabled/)
    expect((await pipelines('list')).out).toMatch(/test\/wait:1.0.0 +enabled/)
    const refused = await post(`${url}/api/v1/pipelines/test/quick/runs`, {})
    expect(refused.status).toBe(409)
    expect((await pipelines('enable', 'quick')).out).toMatch(/test\/quick:1.0.0 +enabled/)
    expect((await pipelines('enable', 'none')).err).toContain('SLUSE-DEFINITION-NOT-FOUND')
  })

  test('is asked and told by `sluse targets`', async () => {
    folder.write(
      'connections/finance.yaml',
      `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: finance, annotations: { sluse/max-concurrent: '4' } }
spec: { baseUrl: 'https://finance.example.dk' }
`,
    )
    const { url } = await serve('serve')
    const targets = async (...words: string[]) => folder.run('targets', ...words, '--server', url)
    expect((await targets('list')).out).toMatch(/finance +closed +0\/4/)
    expect((await targets('hold', 'finance')).out).toMatch(/finance +held/)
    expect((await targets('release', 'app:finance')).out).toMatch(/finance +closed/)
    const limited = await targets(
      'limit',
      'finance',
      '--concurrency',
      '2',
      '--per-second',
      '0.5',
      '--output',
      'json',
    )
    expect(JSON.parse(limited.out)).toMatchObject({ limits: { concurrency: 2, perSecond: 0.5 } })
    expect((await targets('limit', 'finance', '--declared')).out).toMatch(/finance +closed +0\/4/)
    expect((await targets('limit', 'finance')).code).toBe(2)
    const unknown = await targets('reset', 'nobody')
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('SLUSE-TARGET-NOT-FOUND')])
  })

  test('tells of its processes', async () => {
    const { url } = await serve('serve')
    const listed = await folder.run('processes', '--server', url)
    expect(listed.out).toMatch(/\d+ +all +alive +\S+ +leads/)
    const { out } = await folder.run('processes', '--server', url, '--output', 'json')
    expect(JSON.parse(out)).toMatchObject({ processes: [{ role: 'all', works: true, self: true }] })
  })

  test('refuses to listen beyond this machine while nobody signs in, unless it is told to', async () => {
    const refused = await folder.run('serve', '--host', '0.0.0.0', '--port', '0')
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('--insecure-no-sign-in')
    const open = await serve('serve', '--host', '0.0.0.0', '--insecure-no-sign-in')
    await open.until(/INSECURE/)
  })

  test('refuses a project with errors, and a port that is taken', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
    })
    const second = await folder.run('serve', '--port', String(port))
    taken.close()
    expect(second.code).toBe(1)
    expect(second.err).toContain('SLUSE-LISTEN')
    folder.write('pipelines/bad.yaml', 'x: [')
    const bad = await folder.run('serve', '--port', '0')
    expect(bad.code).toBe(2)
    expect(bad.err).toContain('pipelines/bad.yaml:1')
  })

  test('lets one process at a time have the data', async () => {
    await serve('serve')
    const second = await folder.run('serve', '--port', '0')
    expect(second.code).toBe(1)
    expect(second.err).toContain('SLUSE-STORE-LOCKED')
  })
})

describe('sluse dev', () => {
  test('takes up pipelines as they change, and keeps what worked while one is broken', async () => {
    const dev = await serve('dev')
    const names = async () => {
      const { pipelines } = (await (await fetch(`${dev.url}/api/v1/pipelines`)).json()) as {
        pipelines: { name: string }[]
      }
      return pipelines.map(({ name }) => name)
    }
    const settled = { timeout: 10_000 }
    folder.write('pipelines/new.yaml', definition('new', '  - a: { set: { x: 1 } }'))
    await expect.poll(names, settled).toEqual(['new', 'quick', 'wait'])
    folder.write('pipelines/new.yaml', 'x: [')
    await dev.until(/pipelines\/new\.yaml:1:\d+ {2}error/)
    expect(await names()).toEqual(['new', 'quick', 'wait'])
    dev.process.kill('SIGINT')
    expect((await dev.done).code).toBe(130)
  })

  test('is for this machine only', async () => {
    expect((await folder.run('dev', '--host', '0.0.0.0')).code).toBe(2)
  })
})

describe('sluse runs', () => {
  test('says where no server answers', async () => {
    const { code, err, out } = await folder.run('runs', 'list', '--server', 'http://127.0.0.1:9')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('SLUSE-SERVER')
    const json = await folder.run('runs', 'list', '--server', 'http://127.0.0.1:9', '--output', 'json')
    expect(JSON.parse(json.out)).toMatchObject({ code: 'SLUSE-SERVER' })
  })
})
