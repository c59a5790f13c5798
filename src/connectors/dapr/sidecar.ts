import type { HttpResponse } from '../../http/index.ts'
import { fault, isObject, problem, problemOf, type Json, type Problem } from '../../workflow/index.ts'
import type { ConnectionSettings, ConnectorHost } from '../connector.ts'

/** The Dapr sidecar of this process, and the component in it that a connection stands for. */
export interface Sidecar {
  /** Of the component, as the sidecar knows it. */
  readonly component: string
  /** `path` is below the sidecar's address. Throws a fault where the answer is no success. */
  post(path: string, body: Json, signal: AbortSignal, more?: PostOptions): Promise<HttpResponse>
  /** Whether the sidecar has the component. Throws a fault that says what to do where it doesn't. */
  check(signal: AbortSignal): Promise<string>
}

interface PostOptions {
  readonly query?: { readonly [name: string]: string }
  /** Doing it twice is doing it once. */
  readonly idempotencyKey?: string
}

/** Most bytes of what the sidecar answers: it is in memory as a whole. */
const mostOfAnswer = 50_000_000

/** Throws a `configuration` fault where nothing says where the sidecar is. */
export function sidecarOf({ name, type }: ConnectionSettings, host: ConnectorHost): Sidecar {
  const base = addressOf(host.environment, `${name} (${type})`)
  const { DAPR_API_TOKEN: token } = host.environment
  const common = token
    ? { headers: { 'dapr-api-token': token }, hidden: [token] }
    : { headers: {}, hidden: [] }

  const send = async (request: Parameters<ConnectorHost['http']['send']>[0], signal: AbortSignal) => {
    try {
      return await host.http.send(
        {
          ...request,
          hidden: common.hidden,
          headers: { ...request.headers, ...common.headers },
          maxBytes: mostOfAnswer,
        },
        { secrets: {}, signal },
      )
    } catch (error) {
      const status = problemOf(error)?.status
      if (status !== 401 && status !== 403) throw error
      throw fault(
        'authentication',
        `The Dapr sidecar at ${base} answered ${status}: set DAPR_API_TOKEN to the token that it asks for, and let its access rules allow this.`,
        { status },
      )
    }
  }

  return {
    component: name,
    post(path, body, signal, { query = {}, idempotencyKey } = {}) {
      const url = new URL(`${base}${path}`)
      for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
      const headers = {
        'content-type': 'application/json',
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      }
      return send({ method: 'POST', uri: url.href, headers, body: JSON.stringify(body) }, signal)
    },
    async check(signal) {
      const { body } = await send({ method: 'GET', uri: `${base}/v1.0/metadata` }, signal)
      const loaded = componentsOf(jsonOf(body, 'The Dapr sidecar'))
      const found = loaded.find((each) => each.name === name)
      if (!found) {
        throw fault(
          'configuration',
          `The Dapr sidecar at ${base} has no component ${name}: give it the same file (--resources-path), and see that \`scopes\` names its application.`,
        )
      }
      if (found.type !== type) {
        throw fault(
          'configuration',
          `The Dapr sidecar at ${base} has ${name} as ${String(found.type)}, not as ${type}: give it the same file.`,
        )
      }
      return `The Dapr sidecar at ${base} has ${name} (${type}).`
    },
  }
}

/** Whether something says where a sidecar is. */
export function hasSidecar(environment: ConnectorHost['environment']): boolean {
  return Boolean(environment.DAPR_HTTP_ENDPOINT || environment.DAPR_HTTP_PORT)
}

/** Dapr's own names: the sidecar's address, or its port on this machine. */
function addressOf(environment: ConnectorHost['environment'], what: string): string {
  const { DAPR_HTTP_ENDPOINT: endpoint, DAPR_HTTP_PORT: port } = environment
  if (!endpoint && !port) {
    throw fault(
      'configuration',
      `${what} is reached through a Dapr sidecar, and there is none: start Sluse with \`dapr run\`, or set DAPR_HTTP_ENDPOINT or DAPR_HTTP_PORT. If the type is misspelt, correct it.`,
    )
  }
  const given = endpoint || `http://127.0.0.1:${port}`
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given.replace(/\/+$/, '')
  const variable = endpoint ? 'DAPR_HTTP_ENDPOINT' : 'DAPR_HTTP_PORT'
  throw fault('configuration', `${variable} does not give an address of http or https.`)
}

function componentsOf(answer: Json): { [member: string]: Json }[] {
  const components = isObject(answer) ? answer.components : undefined
  return Array.isArray(components) ? components.filter(isObject) : []
}

/** Throws a `communication` fault where it is no JSON. An empty body is `null`. */
export function jsonOf(body: Uint8Array, who: string): Json {
  if (body.byteLength === 0) return null
  try {
    return JSON.parse(Buffer.from(body).toString()) as Json
  } catch {
    throw fault('communication', `${who} answered with what is no JSON.`)
  }
}

/** What is wrong with the record, where the fault is about what was sent: to send it again would change nothing. */
export function refusalOf(error: unknown): Problem | undefined {
  const found = problemOf(error)
  if (found?.status !== 400 && found?.status !== 413) return undefined
  return problem('validation', `The component did not take the record: ${found.detail ?? ''}`, {
    status: found.status,
  })
}

export function refusedOrThrown(error: unknown): Problem {
  const found = refusalOf(error)
  if (found) return found
  throw error
}
