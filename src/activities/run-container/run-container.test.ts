import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startFakeEngine, type FakeEngine } from '../../../test/servers/containers/engine.ts'
import { faultOf, serveBytes } from '../../http/testing/index.ts'
import type { Activity, ActivityContext } from '../activity.ts'
import type { ProcessSettings } from '../../processes/index.ts'
import { activityContext } from '../testing/index.ts'
import { runContainer } from './index.ts'

let folder: string
let engine: FakeEngine
const activities: Activity[] = []

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sluse-test-')))
  engine = await startFakeEngine(join(folder, 'engine.sock'))
  engine.images.set('alpine:latest', { Cmd: ['/bin/sh'] })
  engine.images.set('hello:latest', { Cmd: ['/bin/echo', 'hello'] })
  vi.stubEnv('DOCKER_HOST', engine.host)
  vi.stubEnv('DOCKER_CONFIG', folder)
})
afterEach(async () => {
  await Promise.all(activities.splice(0).map((activity) => activity.close?.()))
  await engine.close()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const activity = (processes: ProcessSettings = {}) => {
  const made = runContainer({ dataFolder: join(folder, 'data'), projectFolder: folder, processes })
  activities.push(made)
  return made
}
const run = (
  input: { [member: string]: unknown },
  context: Partial<ActivityContext> = {},
  processes?: ProcessSettings,
) => activity(processes).run(input as never, activityContext(context))
const only = () => [...engine.containers.values()]

describe('a container', () => {
  it('runs its image, and its output is what it writes', async () => {
    expect(await run({ image: 'hello' })).toBe('hello\n')
  })

  it('has a command for its shell, with arguments as $1 and $2, and input (the specification’s example)', async () => {
    const command = 'input=$(cat)\necho "STDIN was: $input"\necho "ARGS are $1 $2"\n'
    const output = await run({ image: 'alpine', command, stdin: 'Hello World', arguments: ['Foo', 'Bar'] })
    expect(output).toBe('STDIN was: Hello World\nARGS are Foo Bar\n')
  })

  it('reads much input to its end', async () => {
    expect(await run({ image: 'alpine', command: 'wc -c', stdin: 'x'.repeat(3_000_000) })).toMatch(
      /^3000000\s$/,
    )
  })

  it('without a command gives its arguments to the entry point, or after the default command', async () => {
    engine.images.set('with-entry:latest', { Entrypoint: ['/bin/echo', 'entry'], Cmd: ['default'] })
    expect(await run({ image: 'with-entry', arguments: ['given'] })).toBe('entry given\n')
    expect(await run({ image: 'hello', arguments: ['given'] })).toBe('hello given\n')
  })

  it('has its environment', async () => {
    expect(await run({ image: 'alpine', command: 'echo "$A"', environment: { A: 'b=c' } })).toBe('b=c\n')
  })

  it('gives both streams apart, and its exit code', async () => {
    const command = 'echo out; echo err >&2; exit 3'
    expect(await run({ image: 'alpine', command, return: 'all' })).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    expect(await faultOf(run({ image: 'alpine', command }))).toMatchObject({
      exitCode: 3,
      detail: expect.stringContaining('err'),
    })
  })

  it('has its name, ports, volumes and bounds', async () => {
    await mkdir(join(folder, 'shared'))
    await run(
      {
        image: 'hello',
        name: 'greeter',
        ports: { 8080: 80, '0.0.0.0:5353': '53/udp' },
        volumes: { shared: '/a', './shared': '/b:ro', [join(folder, 'shared')]: '/c' },
      },
      {},
      { memoryBytes: 1e9 },
    )
    expect(only()[0]).toMatchObject({
      name: 'greeter',
      body: {
        ExposedPorts: { '80/tcp': {}, '53/udp': {} },
        HostConfig: {
          Memory: 1e9,
          Binds: ['shared:/a:rw', `${folder}/shared:/b:ro`, `${folder}/shared:/c:rw`],
          PortBindings: {
            '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
            '53/udp': [{ HostIp: '0.0.0.0', HostPort: '5353' }],
          },
        },
      },
    })
  })

  it('is given no folder outside the project, whatever leads there', async () => {
    await symlink('/etc', join(folder, 'link'))
    for (const source of ['/etc', './link', '../..', '/var/run/docker.sock', join(folder, 'none')]) {
      expect(await faultOf(run({ image: 'hello', volumes: { [source]: '/x' } }))).toMatchObject({
        status: 403,
      })
    }
    expect(only()).toEqual([])
  })

  it.each([
    [{ image: 'a b' }, 'validation'],
    [{ image: 'a', name: '-x' }, 'validation'],
    [{ image: 'a', ports: { 99999: 1 } }, 'validation'],
    [{ image: 'a', volumes: { data: 'relative' } }, 'validation'],
    [{ image: 'a', pullPolicy: 'often' }, 'configuration'],
    [{ image: 'a', lifetime: { cleanup: 'eventually' } }, 'configuration'],
    [{}, 'configuration'],
  ])('is refused where it does not fit: %j', async (input, kind) => {
    expect((await faultOf(run(input))).type).toMatch(new RegExp(`${kind}$`))
  })

  it('that cannot start is a fault with what the engine says', async () => {
    engine.images.set('broken:latest', { Cmd: ['no-such'] })
    expect((await faultOf(run({ image: 'broken' }))).detail).toContain('executable file not found')
  })

  it('that ran out of memory is a fault that says so', async () => {
    const running = run({ image: 'alpine', command: 'sleep 0.5; kill -KILL $$', name: 'big' })
    await vi.waitFor(() => expect(only()[0]?.status).toBe('running'), 10_000)
    ;(only()[0] as { outOfMemory: boolean }).outOfMemory = true
    expect((await faultOf(running)).detail).toContain('memory')
  })

  it('that writes without end is stopped, with a fault', async () => {
    const settings = { maxOutputBytes: 100_000, graceMs: 1000 }
    const problem = await faultOf(run({ image: 'alpine', command: 'yes' }, {}, settings))
    expect(problem.detail).toContain('more than the 100000 bytes')
    expect(only()[0]?.status).toBe('exited')
  })
})

describe('the pull policy', () => {
  const pulls = () => engine.calls.filter((call) => call === 'POST /images/create').length

  it('pulls what is not there, and only that, unless told otherwise', async () => {
    engine.registry.set('far:1', { Cmd: ['/bin/echo', 'far'] })
    expect(await run({ image: 'far:1' })).toBe('far\n')
    expect(await run({ image: 'far:1' })).toBe('far\n')
    expect(pulls()).toBe(1)
    await run({ image: 'far:1', pullPolicy: 'always' })
    expect(pulls()).toBe(2)
  })

  it('never means that a missing image is a fault', async () => {
    engine.registry.set('far:latest', {})
    const problem = await faultOf(run({ image: 'far', pullPolicy: 'never' }))
    expect(problem.type).toMatch(/configuration$/)
    expect(pulls()).toBe(0)
  })

  it('ends in a communication fault where the image cannot be had', async () => {
    expect(await faultOf(run({ image: 'denied/x' }))).toMatchObject({
      type: expect.stringMatching(/communication$/),
      status: 404,
    })
    // The engine says 200 first, and only then that it failed.
    expect((await faultOf(run({ image: 'missing' }))).detail).toContain(
      'manifest for missing:latest not found',
    )
  })

  it('sends the registry the credentials of a docker login', async () => {
    const auths = { 'registry.example': { auth: Buffer.from('me:pass:word').toString('base64') } }
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }))
    engine.registry.set('registry.example/app:1', { Cmd: ['/bin/true'] })
    await run({ image: 'registry.example/app:1' })
    const sent = Buffer.from(String(engine.pullHeaders['x-registry-auth']), 'base64url').toString()
    expect(JSON.parse(sent)).toMatchObject({ username: 'me', password: 'pass:word' })
  })
})

describe('the lifetime', () => {
  it('leaves a container that has ended, by default', async () => {
    await run({ image: 'hello' })
    await run({ image: 'hello', lifetime: { cleanup: 'never' } })
    expect(only().map(({ status }) => status)).toEqual(['exited', 'exited'])
  })

  it('always removes it at once, also where it failed', async () => {
    await run({ image: 'hello', lifetime: { cleanup: 'always' } })
    await faultOf(run({ image: 'alpine', command: 'exit 1', lifetime: { cleanup: 'always' } }))
    expect(only()).toEqual([])
  })

  it('eventually removes it after its time', async () => {
    await run({ image: 'hello', lifetime: { cleanup: 'eventually', after: { milliseconds: 300 } } })
    expect(only()).toHaveLength(1)
    await vi.waitFor(() => expect(only()).toEqual([]), 10_000)
  })

  it('looks after what a server before left, once its time and that of a takeover have passed', async () => {
    const left = activity()
    const input = { image: 'hello', lifetime: { cleanup: 'eventually', after: { milliseconds: 60_000 } } }
    await left.run(input, activityContext())
    await left.run(input, activityContext())
    await left.close?.()
    const [old] = only()
    if (old) old.finishedAt = new Date(Date.now() - 2 * 3_600_000).toISOString()
    await run({ image: 'hello' })
    await vi.waitFor(() => expect(engine.containers.has(old?.id ?? '')).toBe(false), 10_000)
    expect(only()).toHaveLength(2)
  })
})

describe('cancelling and time limits', () => {
  const sleeping = { image: 'alpine', command: 'sleep 600' }

  it('stops a container, and removes it where its lifetime says so', async () => {
    const controller = new AbortController()
    const running = run({ ...sleeping, lifetime: { cleanup: 'always' } }, { signal: controller.signal })
    await vi.waitFor(() => expect(only()[0]?.status).toBe('running'), 10_000)
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
    expect(only()).toEqual([])
  })

  it('never removes one that says never', async () => {
    const controller = new AbortController()
    const running = run(sleeping, { signal: controller.signal })
    await vi.waitFor(() => expect(only()[0]?.status).toBe('running'), 10_000)
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
    expect(only()[0]?.status).toBe('exited')
  })

  it('kills one that does not listen', async () => {
    const deaf = { image: 'alpine', command: "trap '' TERM; while :; do sleep 0.1; done" }
    const problem = await faultOf(run(deaf, {}, { timeLimitMs: 300, graceMs: 500 }))
    expect(problem.status).toBe(408)
    expect(only()[0]).toMatchObject({ status: 'exited', exitCode: 137 })
  })
})

describe('the attempt after a crash', () => {
  const input = { image: 'alpine', name: 'job', command: 'sleep 0.3; echo once >> "$MARK"; echo done' }
  const crashed = async (more: object) => {
    const controller = new AbortController()
    const environment = { MARK: join(folder, 'mark') }
    const lost = activity()
    const first = lost.run({ ...input, ...more, environment }, activityContext({ signal: controller.signal }))
    first.catch(() => {})
    await vi.waitFor(() => expect(only()[0]?.status).toBe('running'), 10_000)
    return { ...input, ...more, environment }
  }

  it('takes over the container of the one before, and does nothing twice', async () => {
    const again = await crashed({})
    expect(await run(again)).toBe('done\n')
    expect(await run(again)).toBe('done\n')
    expect(only()).toHaveLength(1)
    expect(engine.calls.filter((call) => call.endsWith('/start'))).toHaveLength(1)
  })

  it('starts anew where input may have been cut short', async () => {
    const again = await crashed({ stdin: 'x' })
    const [first] = only()
    expect(await run(again)).toBe('done\n')
    expect(only()[0]?.id).not.toBe(first?.id)
  })

  it('leaves a container of the same name alone that is not its own', async () => {
    await run({ image: 'hello', name: 'job' }, { idempotencyKey: 'other' })
    expect((await faultOf(run(input))).detail).toContain('already a container named job')
    expect(only()).toHaveLength(1)
  })
})

describe('the engine', () => {
  it('that is not there is a configuration fault that says what to do', async () => {
    vi.stubEnv('DOCKER_HOST', `unix://${folder}/none.sock`)
    const problem = await faultOf(run({ image: 'hello' }))
    expect(problem.type).toMatch(/configuration$/)
    expect(problem.detail).toMatch(
      /No container engine answers at .*ENOENT.*start Docker or Podman.*DOCKER_HOST/,
    )
  })

  it.each(['ssh://host', 'nonsense'])('cannot be reached as %s, and that is said', async (host) => {
    vi.stubEnv('DOCKER_HOST', host)
    expect((await faultOf(run({ image: 'hello' }))).detail).toContain('unix://<path> or tcp://')
  })

  it('that goes away while a container runs is a fault', async () => {
    const running = run({ image: 'alpine', command: 'sleep 600' })
    await vi.waitFor(() => expect(only()[0]?.status).toBe('running'), 10_000)
    await engine.close()
    expect((await faultOf(running)).type).toMatch(/runtime$/)
    engine = await startFakeEngine(join(folder, 'another.sock'))
  })

  it('that answers with half an answer is a fault', async () => {
    const half = await serveBytes((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nconte')),
    )
    vi.stubEnv('DOCKER_HOST', half.origin.replace('http', 'tcp'))
    expect((await faultOf(run({ image: 'hello' }))).type).toMatch(/configuration$/)
    await half.close()
  })
})
