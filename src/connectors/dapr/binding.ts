import { isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ReadRequest, Source, SourceBatch, Target } from '../connector.ts'
import { eachRecord } from '../each-record.ts'
import { expression, jqOption } from '../expression.ts'
import { metadataOf, perRecord, recordMetadata, textsOf } from './metadata.ts'
import { jsonOf, refusedOrThrown, type Sidecar } from './sidecar.ts'

/** https://docs.dapr.io/reference/api/bindings_api/: what an output binding is asked to do. */
export const bindingSourceOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    operation: {
      type: 'string',
      minLength: 1,
      default: 'get',
      description: 'What the binding is asked to do: `get`, `list`, `query`, as its page in Dapr says.',
    },
    data: { description: 'Sent with it.' },
    metadata: { type: 'object', description: "Sent with it: Dapr's metadata of the request." },
    items: jqOption(
      'jq on the answer, which must be JSON: its records. Default: the items of a list, else the answer itself.',
    ),
  },
}

export const bindingTargetOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    operation: {
      type: 'string',
      minLength: 1,
      default: 'create',
      description: 'What the binding is asked to do with a record, as its page in Dapr says.',
    },
    data: jqOption('jq on a record: what is sent. Default: all of it.'),
    metadata: recordMetadata,
  },
}

/** The answer of one request: it is read whole, up to 50 MB, and asked for again where a read goes on. */
export function bindingSource(sidecar: Sidecar, options: JsonObject): Source {
  const operation = String(options.operation ?? 'get')
  const items = expression(
    typeof options.items === 'string' ? options.items : 'if type == "array" then .[] else . end',
    'items',
  )
  return {
    async *read({ position, batchSize, signal }: ReadRequest): AsyncGenerator<SourceBatch> {
      const request = {
        operation,
        ...(options.data !== undefined && { data: options.data }),
        ...(isObject(options.metadata) && { metadata: textsOf(options.metadata) }),
      }
      // Operations of other names may change something: whether they can be repeated nobody says.
      const { body } = await sidecar.post(pathOf(sidecar), request, signal, {
        ...(/^(get|list|query)$/.test(operation) && { idempotencyKey: operation }),
      })
      if (body.byteLength === 0) return
      const found = items.all(jsonOf(body, `The binding ${sidecar.component}`))
      let done = isObject(position) ? Number(position.done) : 0
      while (done < found.length) {
        signal.throwIfAborted()
        const first = done
        const records = found.slice(first, first + batchSize)
        done += records.length
        yield {
          records,
          origin: (index) => `${sidecar.component} ${operation}, item ${first + index + 1}`,
          bad: [],
          position: { done },
          progress: { done, total: found.length, unit: 'records' },
        }
      }
    },
  }
}

/** One request a record. */
export function bindingTarget(sidecar: Sidecar, options: JsonObject): Target {
  const operation = String(options.operation ?? 'create')
  const data = perRecord(typeof options.data === 'string' ? options.data : '.', 'data')
  const metadata = metadataOf(options.metadata)
  return {
    async begin({ concurrency, signal: beginning }) {
      await sidecar.check(beginning)
      return {
        resumable: true,
        write: (batch, signal) =>
          eachRecord(batch, concurrency, async (record: Json) => {
            const made = metadata(record)
            if ('problem' in made) return made.problem
            const sent = data(record)
            if ('problem' in sent) return sent.problem
            const request = { operation, data: sent.value, metadata: made.metadata }
            return sidecar.post(pathOf(sidecar), request, signal).then(() => undefined, refusedOrThrown)
          }),
        finish: async () => {},
        abort: async () => {},
      }
    },
  }
}

const pathOf = ({ component }: Sidecar) => `/v1.0/bindings/${encodeURIComponent(component)}`
