/**
 * `call: http` with the protocol `json` or `cloudevents`: a service that is sent one record by one request, and
 * answers with JSON. A Dapr application is one, too: the sidecar's address, and the header `dapr-app-id`.
 */
import { createHash } from 'node:crypto'
import { fault, isObject, type Json, type JsonObject, type Problem } from '../../../workflow/index.ts'
import { answerOf, failed, refusal, type Answer } from '../../answers.ts'
import type { Contract } from '../../contract.ts'
import { fill, isTheRecord } from '../../fill.ts'
import { traceparentOf } from '../../trace.ts'
import { forEach } from '../each.ts'
import type { RunContext, RunnerKind } from '../runner.ts'

export const httpKind: RunnerKind = {
  name: 'http',
  words: 'call: http',
  protocols: ['json', 'cloudevents'],
  fits: ({ call }) => call === 'http',
  check({ name, definition }) {
    const given = withOf(definition)
    if (!isTheRecord(given['body'])) {
      throw fault(
        'configuration',
        `The function ${name} is sent the record as it is: write \`body: \${ . }\`.`,
      )
    }
    for (const key of ['query', 'output', 'redirect']) {
      if (given[key] !== undefined)
        throw fault('configuration', `The function ${name} cannot have \`with.${key}\`.`)
    }
  },
  open: () => ({
    run: (contract, records, context) => {
      const service = serviceOf(contract, context)
      return forEach(contract, records, context, (record, signal) => send(service, record, signal), blamed)
    },
    close: () => Promise.resolve(),
  }),
}

interface Service {
  readonly contract: Contract
  readonly context: RunContext
  readonly method: string
  readonly uri: string
  readonly authentication: Json | undefined
  readonly headers: { readonly [name: string]: string }
}

const withOf = (definition: JsonObject): JsonObject =>
  isObject(definition['with']) ? definition['with'] : {}

function serviceOf(contract: Contract, context: RunContext): Service {
  const { body: _record, ...rest } = withOf(contract.definition)
  const given = fill(rest, context.secrets, contract.name) as JsonObject
  const { endpoint, method, headers } = given
  const uri = isObject(endpoint) ? endpoint['uri'] : endpoint
  if (typeof uri !== 'string' || typeof method !== 'string') {
    throw fault('configuration', `The function ${contract.name} has no address or no method to call.`)
  }
  return {
    contract,
    context,
    method: method.toUpperCase(),
    uri,
    authentication: isObject(endpoint) ? endpoint['authentication'] : undefined,
    headers: Object.fromEntries(
      Object.entries(isObject(headers) ? headers : {})
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [
          name.toLowerCase(),
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
    ),
  }
}

async function send(service: Service, record: Json, signal: AbortSignal): Promise<Answer> {
  const { contract, context, method, uri, authentication } = service
  const text = JSON.stringify(record)
  // The same record of the same run is the same call, whichever batch it comes in.
  const id = createHash('sha256').update(`${context.runId}\0${contract.name}\0${text}`).digest('hex')
  const traceparent = traceparentOf(context.runId, `${contract.name} ${id}`)
  const event = contract.protocol === 'cloudevents'
  const answer = await context.http.send(
    {
      method,
      uri,
      headers: {
        'content-type': event ? 'application/cloudevents+json' : 'application/json',
        accept: 'application/json, application/cloudevents+json, application/cloudevents-batch+json',
        'idempotency-key': id,
        traceparent,
        ...service.headers,
      },
      body: event ? JSON.stringify(eventOf(service, record, id, traceparent)) : text,
      maxBytes: contract.answerBytes,
      anyStatus: refusals,
      ...(authentication !== undefined && { authentication }),
    },
    { secrets: context.secrets, signal },
  )
  const content = contentOf(answer.body, answer.headers['content-type'] ?? '')
  if (answer.status >= 400) {
    // A refusal in the function's words, or problem details; what else it may say is in the plain text.
    const said = isObject(content) && content['error'] !== undefined ? content['error'] : content
    return { refused: refusal(said ?? answer.statusText, contract.name) }
  }
  if (content === undefined) {
    return answer.body.length === 0
      ? { value: [] }
      : failed(`The function ${contract.name} answered with what is not JSON.`)
  }
  return answerOf(content, contract.name)
}

/** Of these statuses the record is the reason, and the body says why. */
const refusals = [400, 422]

/** What a fault says of the record: those of the service itself, or of the way to it, are nobody's refusal. */
function blamed(problem: Problem): Problem | undefined {
  if (!problem.type.endsWith('/communication')) return undefined
  if (problem['cause'] !== undefined) return problem['cause'] === 'SLUSE_TOO_LARGE' ? problem : undefined
  const ofTheService = [401, 402, 403, 404, 405, 407, 408, 425, 429, 502, 503, 504]
  return ofTheService.includes(problem.status) ? undefined : problem
}

function eventOf({ contract, context }: Service, record: Json, id: string, traceparent: string): JsonObject {
  return {
    specversion: '1.0',
    id,
    source: `/runs/${encodeURIComponent(context.runId)}`,
    type: 'dk.sluse.function.record.v1',
    subject: contract.name,
    datacontenttype: 'application/json',
    traceparent,
    data: record,
  }
}

/** JSON, whatever it calls itself; of CloudEvents their data. `undefined` where it is none. */
function contentOf(body: Uint8Array, contentType: string): Json | undefined {
  let value: Json
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Json
  } catch {
    return undefined
  }
  const dataOf = (event: Json) => (isObject(event) ? (event['data'] ?? null) : event)
  if (contentType.startsWith('application/cloudevents-batch+json')) {
    return Array.isArray(value) ? value.map(dataOf) : value
  }
  return contentType.startsWith('application/cloudevents+json') ? dataOf(value) : value
}
