import { fault, problemOf, type Json, type JsonObject, type Problem } from '../../workflow/index.ts'
import type { RecordBatch, Target, WriteResult } from '../connector.ts'
import { eachRecord } from '../each-record.ts'
import { metadataOf, recordMetadata, type MetadataOf } from './metadata.ts'
import { refusedOrThrown, type Sidecar } from './sidecar.ts'

/** https://docs.dapr.io/reference/api/pubsub_api/: Dapr wraps each record in a CloudEvent, unless told otherwise. */
export const pubsubTargetOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['topic'],
  properties: {
    topic: { type: 'string', minLength: 1 },
    send: {
      enum: ['record', 'batch'],
      default: 'record',
      description:
        'Each record alone; or a batch by one request, which is quicker, keeps no order, and is wholly sent again where a ' +
        "part of it failed. Dapr's bulk publishing is an alpha API.",
    },
    metadata: recordMetadata,
  },
}

export function pubsubTarget(sidecar: Sidecar, options: JsonObject): Target {
  const metadata = metadataOf(options.metadata)
  const below = `${encodeURIComponent(sidecar.component)}/${encodeURIComponent(String(options.topic))}`
  return {
    async begin({ concurrency, signal: beginning }) {
      await sidecar.check(beginning)
      return {
        resumable: true,
        write: (batch, signal) =>
          options.send === 'batch'
            ? publishBatch(sidecar, `/v1.0-alpha1/publish/bulk/${below}`, metadata, batch, signal)
            : eachRecord(batch, concurrency, async (record) => {
                const made = metadata(record)
                if ('problem' in made) return made.problem
                const query = Object.fromEntries(
                  Object.entries(made.metadata).map(([key, value]) => [`metadata.${key}`, value]),
                )
                return sidecar
                  .post(`/v1.0/publish/${below}`, record, signal, { query })
                  .then(() => undefined, refusedOrThrown)
              }),
        finish: async () => {},
        abort: async () => {},
      }
    },
  }
}

async function publishBatch(
  sidecar: Sidecar,
  path: string,
  metadata: MetadataOf,
  batch: RecordBatch,
  signal: AbortSignal,
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  const entries: Json[] = []
  for (const [index, event] of batch.values().entries()) {
    const made = metadata(event)
    if ('problem' in made) refused.push({ index, problem: made.problem })
    else entries.push({ entryId: `${index}`, event, contentType: 'application/json', ...made })
  }
  if (entries.length > 0) {
    // Why an entry failed, Dapr says in words alone: a broker that is away looks like a record that is wrong.
    await sidecar.post(path, entries, signal).catch((error: unknown) => {
      const found = problemOf(error)
      if (found?.status !== 400 && found?.status !== 413) throw error
      throw fault(
        'communication',
        `The sidecar did not take ${entries.length} records at once: use \`send: record\`, or a smaller batch. ${found.detail ?? ''}`,
      )
    })
  }
  return { refused, state: null }
}
