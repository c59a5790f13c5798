import type { ActivityRequest, ActivityRunner } from '../../engines/index.ts'
import {
  fault,
  isObject,
  WorkflowFault,
  type Json,
  type JsonObject,
  type Problem,
} from '../../workflow/index.ts'
import type { Mock } from './test-file.ts'

/** What the activities of a run were asked, and what answers them. */
export interface Mocked {
  readonly runner: ActivityRunner
  /** Every call that was made, in order, as `expect.calls` describes it. */
  readonly calls: JsonObject[]
  /** Calls that no mock answered. */
  readonly unanswered: string[]
}

/** These have no effect outside the project's folder: they run as they are unless a mock answers them. */
const harmless = new Set(['script', 'function', 'resource'])

/** Answers activities by mocks, the first that fits and is not used up; nothing else leaves the machine. */
export function mockActivities(
  mocks: readonly Mock[],
  real: ActivityRunner,
  allowed: readonly string[],
): Mocked {
  const calls: JsonObject[] = []
  const unanswered: string[] = []
  const used = new Map<Mock, number>()

  const runner: ActivityRunner = async (request) => {
    const call = describe(request)
    calls.push(call)
    const mock = mocks.find(
      (each) => fits(each, request, call) && (used.get(each) ?? 0) < (each.times ?? Infinity),
    )
    if (mock) {
      used.set(mock, (used.get(mock) ?? 0) + 1)
      return answer(mock, request, call)
    }
    if (allowed.includes(request.kind) || (harmless.has(request.kind) && !isRemote(request.input))) {
      return real(request)
    }
    const what = call.http
      ? `${String((call.http as JsonObject).method)} ${String((call.http as JsonObject).url)}`
      : ''
    unanswered.push(`${taskOf(request.key)}: ${what || request.kind}`)
    throw fault('configuration', `The test has no mock for ${what || `an activity of kind ${request.kind}`}.`)
  }
  return { runner, calls, unanswered }
}

function fits(mock: Mock, { kind, key }: ActivityRequest, call: JsonObject): boolean {
  if (mock.kind !== undefined) return mock.kind === kind
  if (mock.task !== undefined) {
    const pointer = taskOf(key)
    return mock.task === key || mock.task === pointer || pointer.endsWith(`/${mock.task}`)
  }
  const http = call.http as { method: string; url: string } | undefined
  if (!http || !mock.http) return false
  const { method, url } = mock.http
  if (method !== undefined && method.toUpperCase() !== http.method) return false
  const asked = url.includes('?') ? http.url : (http.url.split('?')[0] ?? '')
  return url.endsWith('*') ? asked.startsWith(url.slice(0, -1)) : asked === url
}

function answer(mock: Mock, { input }: ActivityRequest, call: JsonObject): Json {
  if (mock.output !== undefined) return mock.output
  if (mock.error) {
    const { type = 'https://serverlessworkflow.io/spec/1.0.0/errors/communication', status = 500 } =
      mock.error
    throw new WorkflowFault({ ...mock.error, type, status } as Problem)
  }
  const { status = 200, headers = {}, body = null } = mock.respond ?? {}
  const { output = 'content', redirect = false } = input as JsonObject
  if (status < 200 || status >= (redirect === true ? 400 : 300)) {
    const { method, url } = (call.http ?? {}) as JsonObject
    throw fault('communication', `${String(method)} ${String(url)} answered ${status}.`, { status })
  }
  switch (output) {
    case 'raw':
      return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)).toString('base64')
    case 'response':
      return { request: call.http ?? null, statusCode: status, headers, content: body }
    default:
      return body
  }
}

/** `{ kind, task }`, and for HTTP `{ http: { method, url, headers, body } }`. */
function describe({ kind, key, input }: ActivityRequest): JsonObject {
  const call: JsonObject = { kind, task: taskOf(key) }
  if (kind !== 'http' || !isObject(input)) return call
  const { method, endpoint, query, headers, body } = input
  const url = urlOf(isObject(endpoint) ? endpoint.uri : endpoint, query)
  call.http = {
    method: typeof method === 'string' ? method.toUpperCase() : '',
    url,
    ...(headers !== undefined && { headers }),
    ...(body !== undefined && { body }),
  }
  return call
}

function urlOf(uri: Json | undefined, query: Json | undefined): string {
  const text = typeof uri === 'string' ? uri : ''
  if (!isObject(query) || !URL.canParse(text)) return text
  const url = new URL(text)
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      url.searchParams.append(name, typeof each === 'string' ? each : JSON.stringify(each))
    }
  }
  return url.href
}

function isRemote(input: Json): boolean {
  return /"uri":"https?:/.test(JSON.stringify(input))
}

/** The task's JSON pointer: without the iteration path, and without what an activity adds to its task's key. */
function taskOf(key: string): string {
  return key.replace(/\[\d+\]/g, '')
}
