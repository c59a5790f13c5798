/**
 * A container engine on a Unix socket, as far as the Docker Engine API describes what running a container takes
 * (https://docs.docker.com/reference/api/engine/version/v1.47/). Its containers are processes of this machine,
 * without any isolation, so that tests see real input, output, exit codes and signals.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface FakeImage {
  readonly Cmd?: readonly string[]
  readonly Entrypoint?: readonly string[]
}

export interface FakeContainer {
  readonly id: string
  readonly name: string
  readonly body: CreateBody
  status: 'created' | 'running' | 'exited'
  exitCode: number
  finishedAt: string
  outOfMemory: boolean
  frames: Buffer[]
}

interface CreateBody {
  Image: string
  Cmd?: string[]
  Entrypoint?: string[]
  Env?: string[]
  Labels?: { [name: string]: string }
  OpenStdin?: boolean
  [member: string]: unknown
}

export interface FakeEngine {
  readonly host: string
  /** What the engine has; what it could pull. */
  readonly images: Map<string, FakeImage>
  readonly registry: Map<string, FakeImage>
  readonly containers: Map<string, FakeContainer>
  /** `POST /containers/x/start` and the like, without version and query. */
  readonly calls: string[]
  /** Headers of the last pull. */
  pullHeaders: IncomingMessage['headers']
  close(): Promise<void>
}

interface Running {
  child: ChildProcess
  ended: Promise<void>
}

export async function startFakeEngine(socketPath: string): Promise<FakeEngine> {
  const running = new Map<string, Running>()
  const inputs = new Map<string, Duplex>()
  const followers = new Map<string, Set<ServerResponse>>()
  const engine: FakeEngine = {
    host: `unix://${socketPath}`,
    images: new Map(),
    registry: new Map(),
    containers: new Map(),
    calls: [],
    pullHeaders: {},
    async close() {
      for (const { child } of running.values()) child.kill('SIGKILL')
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  const find = (key: string) =>
    engine.containers.get(key) ?? [...engine.containers.values()].find(({ name }) => name === key)

  const run = (container: FakeContainer): string | undefined => {
    const image = engine.images.get(container.body.Image)
    const entry = container.body.Entrypoint ?? image?.Entrypoint ?? []
    const given = container.body.Cmd ?? (container.body.Entrypoint ? [] : (image?.Cmd ?? []))
    const [command = '', ...args] = [...entry, ...given]
    if (!command.startsWith('/bin/')) return `exec: "${command}": executable file not found in $PATH`
    const environment = Object.fromEntries(
      (container.body.Env ?? []).map((line) => line.split(/=([^]*)/, 2) as [string, string]),
    )
    const child = spawn(command, args, { env: { PATH: '/usr/bin:/bin', ...environment }, detached: true })
    container.status = 'running'
    const input = inputs.get(container.id)
    child.stdin.on('error', () => {})
    if (input) input.pipe(child.stdin)
    else if (!container.body.OpenStdin) child.stdin.end()
    const emit = (stream: number) => (chunk: Buffer) => {
      const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
      head.writeUInt32BE(chunk.length, 4)
      const frame = Buffer.concat([head, chunk])
      container.frames.push(frame)
      for (const follower of followers.get(container.id) ?? []) follower.write(frame)
    }
    child.stdout.on('data', emit(1))
    child.stderr.on('data', emit(2))
    const ended = new Promise<void>((resolve) => {
      child.on('close', (code, signal) => {
        container.status = 'exited'
        container.exitCode = code ?? (signal === 'SIGKILL' ? 137 : 143)
        container.finishedAt = new Date().toISOString()
        inputs.get(container.id)?.destroy()
        for (const follower of followers.get(container.id) ?? []) follower.end()
        resolve()
      })
    })
    running.set(container.id, { child, ended })
    return undefined
  }

  const answer = async (request: IncomingMessage, response: ServerResponse, body: string) => {
    const url = new URL(request.url ?? '/', 'http://engine')
    const path = url.pathname.replace(/^\/v1\.\d+/, '')
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    engine.calls.push(`${request.method} ${path}`)
    if (path === '/_ping') return response.writeHead(200, { 'api-version': '1.47' }).end('OK')
    if (!/^\/v1\.47\//.test(url.pathname)) return json(400, { message: 'client version is not supported' })

    const image = /^\/images\/(.+)\/json$/.exec(path)?.[1]
    if (image !== undefined) {
      const found = engine.images.get(image)
      return found
        ? json(200, { Id: image, Config: found })
        : json(404, { message: `No such image: ${image}` })
    }
    if (path === '/images/create') {
      engine.pullHeaders = request.headers
      const name = url.searchParams.get('fromImage') ?? ''
      if (name.startsWith('denied/')) return json(404, { message: `pull access denied for ${name}` })
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"status":"Pulling from library"}\r\n')
      const found = engine.registry.get(name)
      if (!found)
        return response.end(`{"errorDetail":{"message":"m"},"error":"manifest for ${name} not found"}\r\n`)
      engine.images.set(name, found)
      return response.end('{"status":"Download complete"}\r\n')
    }
    if (path === '/containers/create') {
      const name = url.searchParams.get('name') ?? randomBytes(4).toString('hex')
      if (find(name))
        return json(409, { message: `Conflict. The container name "/${name}" is already in use` })
      const parsed = JSON.parse(body) as CreateBody
      if (!engine.images.has(parsed.Image)) return json(404, { message: `No such image: ${parsed.Image}` })
      const id = randomBytes(32).toString('hex')
      engine.containers.set(id, {
        id,
        name,
        body: parsed,
        status: 'created',
        exitCode: 0,
        finishedAt: '0001-01-01T00:00:00Z',
        outOfMemory: false,
        frames: [],
      })
      return json(201, { Id: id, Warnings: [] })
    }
    if (path === '/containers/json') {
      const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as {
        label?: string[]
        status?: string[]
      }
      const matching = [...engine.containers.values()].filter(
        ({ status, body: { Labels = {} } }) =>
          (filters.status ?? [status]).includes(status) &&
          (filters.label ?? []).every((label) => label in Labels),
      )
      return json(
        200,
        matching.map(({ id }) => ({ Id: id })),
      )
    }

    const [, key = '', action = ''] = /^\/containers\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? []
    const container = find(decodeURIComponent(key))
    if (!container) return json(404, { message: `No such container: ${key}` })
    switch (action) {
      case 'json':
        return json(200, {
          Id: container.id,
          Name: `/${container.name}`,
          Config: { Labels: container.body.Labels ?? {} },
          State: {
            Status: container.status,
            ExitCode: container.exitCode,
            OOMKilled: container.outOfMemory,
            FinishedAt: container.finishedAt,
          },
        })
      case 'start': {
        if (container.status === 'running') return response.writeHead(304).end()
        const refusal = run(container)
        return refusal ? json(400, { message: refusal }) : response.writeHead(204).end()
      }
      case 'wait':
        await running.get(container.id)?.ended
        return json(200, { StatusCode: container.exitCode })
      case 'logs': {
        response.writeHead(200, { 'content-type': 'application/vnd.docker.multiplexed-stream' })
        for (const frame of container.frames) response.write(frame)
        if (container.status !== 'running') return response.end()
        const following = followers.get(container.id) ?? new Set()
        followers.set(container.id, following.add(response))
        return response.on('close', () => following.delete(response))
      }
      case 'stop': {
        const child = running.get(container.id)
        if (container.status !== 'running' || !child) return response.writeHead(304).end()
        signal(child.child, 'SIGTERM')
        const grace = Number(url.searchParams.get('t') ?? 10) * 1000
        const timer = setTimeout(() => signal(child.child, 'SIGKILL'), grace)
        await child.ended
        clearTimeout(timer)
        return response.writeHead(204).end()
      }
      case '': {
        const child = running.get(container.id)
        if (child && container.status === 'running') {
          signal(child.child, 'SIGKILL')
          await child.ended
        }
        engine.containers.delete(container.id)
        return response.writeHead(204).end()
      }
      default:
        return json(404, { message: 'page not found' })
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void answer(request, response, Buffer.concat(chunks).toString()))
  })
  // "Attach" takes the connection over: after 101 it carries the container's streams.
  server.on('upgrade', (request, socket: Duplex) => {
    const id = /\/containers\/([^/]+)\/attach/.exec(request.url ?? '')?.[1] ?? ''
    engine.calls.push(`POST /containers/${id}/attach`)
    socket.on('error', () => {})
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    )
    inputs.set(id, socket)
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return engine
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), name)
  } catch {
    // It has ended by itself.
  }
}
