import { fault, type JsonObject } from '../../workflow/index.ts'
import type { ConnectorHost, Delivery, DeliveryRequest, Target } from '../connector.ts'
import { createEncoder, outside, pathOf, type Encoder } from '../files/index.ts'
import { createDocumentWriter, isResumable, plainOptions, type PlainOptions } from '../formats/index.ts'
import type { S3Client } from './client.ts'

/** An object appears whole or not at all: what is written is sent in parts, and put together at the end. */
export function s3Target(
  client: S3Client,
  options: JsonObject,
  host: Pick<ConnectorHost, 'now' | 'log'>,
): Target {
  return {
    async begin(request) {
      const template = String(options.path)
      if (request.mode === 'append' && !template.includes('{id}')) {
        throw fault(
          'configuration',
          'Nothing can be added to an object: use the mode replace, or a path with {id} that gives each delivery its own.',
        )
      }
      const path = pathOf(template, request.deliveryId, host.now())
      if (path.startsWith('/') || path.split('/').includes('..')) throw outside(path)
      return delivery(client, path, plainOptions(options, path), request)
    },
  }
}

/** No part but the last may be smaller than 5 MiB, and there may be 10,000 of them: they grow. */
const partSize = (parts: number) => (parts < 1000 ? 8 : 64) * 1024 * 1024

function delivery(
  client: S3Client,
  path: string,
  how: PlainOptions,
  { signal: lifetime }: DeliveryRequest,
): Delivery {
  let held: Uint8Array[] = []
  let size = 0
  let upload: string | undefined
  const parts: string[] = []
  let ended = false

  const sendPart = async (signal: AbortSignal) => {
    if (upload === undefined) {
      const { body } = await client.send('POST', path, { query: { uploads: '' }, signal })
      upload = /<UploadId>([^<]+)<\/UploadId>/.exec(Buffer.from(body).toString())?.[1]
      if (upload === undefined) throw fault('communication', `${path}: the storage began no upload.`)
    }
    const query = { partNumber: String(parts.length + 1), uploadId: upload }
    const { headers } = await client.send('PUT', path, { query, body: Buffer.concat(held), signal })
    parts.push(headers.etag ?? '')
    held = []
    size = 0
  }
  const take = async (bytes: Uint8Array, signal: AbortSignal) => {
    if (bytes.byteLength === 0) return
    held.push(bytes)
    size += bytes.byteLength
    if (size >= partSize(parts.length)) await sendPart(signal)
  }
  const encoder = isResumable(how) ? createEncoder(how, null, false) : wholeEncoder(how)

  return {
    // What lies in memory between parts is lost with the process: the delivery then begins anew.
    resumable: false,
    async write(batch, signal) {
      const { bytes, refused } = await encoder.encode(batch)
      await take(bytes, signal)
      return { refused, state: null }
    },
    async finish(signal) {
      if (ended) return
      await take(await encoder.end(), signal)
      if (upload === undefined) await client.send('PUT', path, { body: Buffer.concat(held), signal })
      else {
        if (size > 0) await sendPart(signal)
        const list = parts.map(
          (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
        )
        const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
        const answer = await client.send('POST', path, { query: { uploadId: upload }, body, signal })
        // It may answer 200 at once, and then say in the body that it went wrong.
        if (Buffer.from(answer.body).toString().includes('<Error>')) {
          throw fault('communication', `${path}: the storage could not put the parts together.`)
        }
      }
      ended = true
    },
    async abort() {
      held = []
      if (ended || upload === undefined) return
      ended = true
      const signal = lifetime.aborted ? new AbortController().signal : lifetime
      await client.send('DELETE', path, { query: { uploadId: upload }, signal }).catch(() => {})
    },
  }
}

/** For formats that are no text. */
function wholeEncoder(how: PlainOptions): Encoder {
  let pieces: Uint8Array[] = []
  const writer = createDocumentWriter(how, { write: async (bytes) => void pieces.push(bytes) })
  const taken = () => {
    const bytes = Buffer.concat(pieces)
    pieces = []
    return bytes
  }
  return {
    encode: async (batch) => ({ refused: await writer.write(batch.values()), bytes: taken() }),
    async end() {
      await writer.end()
      return taken()
    },
    state: () => null,
  }
}
