import { readFileSync } from 'node:fs'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { Pool } from 'undici'
import { fault, type JsonObject } from '../../workflow/index.ts'

/** The calls of the Docker Engine API that are needed to run a container (https://docs.docker.com/reference/api/engine/). */
export interface Engine {
  /** Where it is, for people. */
  readonly address: string
  /** Throws a `configuration` fault where no engine answers. */
  ping(signal: AbortSignal): Promise<void>
  /** `undefined` where there is none of that name. */
  image(name: string, signal: AbortSignal): Promise<Image | undefined>
  /** Its progress, one JSON document a line; a failure is among them, after a status that said success. */
  pull(name: string, authorization: string | undefined, signal: AbortSignal): Promise<Readable>
  /** The id; `undefined` where there is another container of that name. */
  create(name: string | undefined, body: JsonObject, signal: AbortSignal): Promise<string | undefined>
  inspect(id: string, signal: AbortSignal): Promise<ContainerState>
  /** A connection to standard input; ending it ends the input. */
  attachInput(id: string, signal: AbortSignal): Promise<Duplex>
  start(id: string, signal: AbortSignal): Promise<void>
  /** The exit code, once it has ended. */
  wait(id: string, signal: AbortSignal): Promise<number>
  /** Standard output and error from the beginning to the container's end, in frames. */
  logs(id: string, signal: AbortSignal): Promise<Readable>
  /** Asks it to end, kills it after `graceMs`. Never throws: a container that is gone is stopped. */
  stop(id: string, graceMs: number): Promise<void>
  /** Removes it, running or not, and its unnamed volumes. Never throws. */
  remove(id: string): Promise<void>
  /** Ended containers with this label. */
  ended(label: string, signal: AbortSignal): Promise<readonly string[]>
  close(): Promise<void>
}

export interface Image {
  readonly Config?: {
    readonly Cmd?: readonly string[] | null
    readonly Entrypoint?: readonly string[] | null
  } | null
}

export interface ContainerState {
  readonly Id: string
  readonly Config: { readonly Labels?: { readonly [name: string]: string } | null }
  readonly State: {
    readonly Status: string
    readonly OOMKilled?: boolean
    /** RFC 3339. */
    readonly FinishedAt?: string
  }
}

/** The engine answered, with a refusal. */
export class EngineError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'EngineError'
    this.status = status
  }
}

/** Connects to the engine that `DOCKER_HOST` names, else to Docker's or Podman's usual socket. */
export function connectEngine(environment: NodeJS.ProcessEnv = process.env): Engine {
  const { address, pool } = transport(environment)
  let version: string | undefined

  const request = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    signal: AbortSignal,
    more: {
      query?: { [name: string]: string }
      body?: JsonObject
      headers?: { [name: string]: string }
    } = {},
  ) => {
    const answer = await pool.request({
      method,
      path: `${version ?? ''}${path}?${new URLSearchParams(more.query).toString()}`,
      headers: { ...(more.body ? { 'content-type': 'application/json' } : {}), ...more.headers },
      body: more.body ? JSON.stringify(more.body) : null,
      signal,
    })
    if (answer.statusCode < 400) return answer
    throw new EngineError(answer.statusCode, messageOf(await answer.body.text()))
  }
  const done = async (answering: ReturnType<typeof request>) => (await answering).body.dump()
  const unless = async <T>(status: number, doing: Promise<T>): Promise<T | undefined> => {
    try {
      return await doing
    } catch (error) {
      if (error instanceof EngineError && error.status === status) return undefined
      throw error
    }
  }
  const of = (id: string) => `/containers/${encodeURIComponent(id)}`

  return {
    address,

    async ping(signal) {
      if (version !== undefined) return
      try {
        const answer = await request('GET', '/_ping', AbortSignal.any([signal, AbortSignal.timeout(10_000)]))
        await answer.body.dump()
        const spoken = answer.headers['api-version']
        // Each engine refuses what is older or newer than it knows: its own version suits both.
        version = typeof spoken === 'string' && /^\d+\.\d+$/.test(spoken) ? `/v${spoken}` : ''
      } catch (error) {
        if (signal.aborted) throw error
        throw fault(
          'configuration',
          `No container engine answers at ${address} (${reasonOf(error)}): start Docker or Podman, let this server's ` +
            'user reach its socket, or set DOCKER_HOST to where it is.',
        )
      }
    },

    async image(name, signal) {
      const answer = await unless(404, request('GET', `/images/${name}/json`, signal))
      return (await answer?.body.json()) as Image | undefined
    },

    async pull(name, authorization, signal) {
      const headers = authorization === undefined ? {} : { 'x-registry-auth': authorization }
      return (await request('POST', '/images/create', signal, { query: { fromImage: name }, headers })).body
    },

    async create(name, body, signal) {
      const query = name === undefined ? {} : { name }
      const answer = await unless(409, request('POST', '/containers/create', signal, { query, body }))
      return ((await answer?.body.json()) as { Id: string } | undefined)?.Id
    },

    async inspect(id, signal) {
      return (await (await request('GET', `${of(id)}/json`, signal)).body.json()) as ContainerState
    },

    async attachInput(id, signal) {
      const path = `${version ?? ''}${of(id)}/attach?stream=1&stdin=1`
      const { socket } = await pool.upgrade({ method: 'POST', path, protocol: 'tcp', signal })
      // A container that does not read its input ends the connection: no failure of ours.
      socket.on('error', () => {}).resume()
      return socket
    },

    start: (id, signal) => done(request('POST', `${of(id)}/start`, signal)),

    async wait(id, signal) {
      const answer = (await (await request('POST', `${of(id)}/wait`, signal)).body.json()) as {
        StatusCode: number
        Error?: { Message?: string } | null
      }
      if (answer.Error?.Message) throw new EngineError(500, answer.Error.Message)
      return answer.StatusCode
    },

    async logs(id, signal) {
      const query = { follow: '1', stdout: '1', stderr: '1' }
      return (await request('GET', `${of(id)}/logs`, signal, { query })).body
    },

    async stop(id, graceMs) {
      const seconds = Math.ceil(graceMs / 1000)
      const query = { t: String(seconds) }
      await done(request('POST', `${of(id)}/stop`, AbortSignal.timeout(graceMs + 20_000), { query })).catch(
        () => {},
      )
    },

    async remove(id) {
      const query = { force: '1', v: '1' }
      await done(request('DELETE', of(id), AbortSignal.timeout(20_000), { query })).catch(() => {})
    },

    async ended(label, signal) {
      const filters = JSON.stringify({ label: [label], status: ['exited', 'dead'] })
      const answer = await request('GET', '/containers/json', signal, { query: { all: '1', filters } })
      return ((await answer.body.json()) as { Id: string }[]).map(({ Id }) => Id)
    },

    close: () => pool.destroy(),
  }
}

/** A connection per call that is under way: waiting and following hold theirs for as long as a container runs. */
function transport(environment: NodeJS.ProcessEnv): { address: string; pool: Pool } {
  const patient = { headersTimeout: 0, bodyTimeout: 0 }
  const address = environment['DOCKER_HOST'] || usualSocket(environment)
  const socket = /^unix:\/\/(\/.+)$/.exec(address)?.[1]
  if (socket !== undefined) {
    return { address, pool: new Pool('http://localhost', { ...patient, connect: { socketPath: socket } }) }
  }
  const host = /^(?:tcp|https?):\/\/([^/]+)\/?$/.exec(address)?.[1]
  if (host === undefined) {
    throw fault('configuration', `DOCKER_HOST is ${address}: give unix://<path> or tcp://<host>:<port>.`)
  }
  if (!environment['DOCKER_TLS_VERIFY'] && !address.startsWith('https:')) {
    return { address, pool: new Pool(`http://${host}`, patient) }
  }
  const folder = environment['DOCKER_CERT_PATH']
  const file = (name: string) => readFileSync(join(folder as string, name))
  try {
    const connect = folder ? { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') } : {}
    return { address, pool: new Pool(`https://${host}`, { ...patient, connect }) }
  } catch (error) {
    throw fault(
      'configuration',
      `The certificates in DOCKER_CERT_PATH cannot be read: ${(error as Error).message}`,
    )
  }
}

function usualSocket(environment: NodeJS.ProcessEnv): string {
  const docker = '/var/run/docker.sock'
  const own = environment['XDG_RUNTIME_DIR']
  const candidates = [
    docker,
    ...(own ? [`${own}/docker.sock`, `${own}/podman/podman.sock`] : []),
    '/run/podman/podman.sock',
  ]
  return `unix://${candidates.find((path) => existsSync(path)) ?? docker}`
}

function messageOf(body: string): string {
  try {
    const message = (JSON.parse(body) as { message?: unknown }).message
    if (typeof message === 'string') return message.slice(0, 1000)
  } catch {
    // Not JSON: the text itself says why.
  }
  return body.slice(0, 1000) || 'the container engine refused, and did not say why'
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? code : String(message)
}
