/** What other systems push to `POST /in/<connection>`. There is no such type in Dapr; the name is in its manner. */
import { createReadStream } from 'node:fs'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { Connector, ConnectionSettings, SourceBatch } from '../connector.ts'
import { documentOptions, formatNames, readDocument } from '../formats/index.ts'
import { expression } from '../expression.ts'
import { checkSender } from './sender.ts'

export const webhook: Connector = {
  type: 'bindings.webhook',
  about: 'Records that another system pushes to `POST /in/<connection>`, with a key, a signature or a token.',
  metadata: {
    apiKeyHeader: { about: 'The header that has the key.', type: 'text', default: 'X-Api-Key' },
    apiKey: { about: 'The key that the sender must show.', type: 'text', secret: true },
    signatureHeader: {
      about: 'The header that has the signature.',
      type: 'text',
      default: 'X-Hub-Signature-256',
    },
    signatureSecret: { about: 'What the sender signs the body with, by HMAC.', type: 'text', secret: true },
    signatureAlgorithm: {
      about: 'The hash of the signature.',
      type: 'text',
      choices: ['sha256', 'sha512', 'sha1'],
      default: 'sha256',
    },
    signatureEncoding: {
      about: 'How the signature is written.',
      type: 'text',
      choices: ['hex', 'base64'],
      default: 'hex',
    },
    oidcIssuer: {
      about: 'Who issues the tokens that senders show as `Authorization: Bearer`.',
      type: 'text',
    },
    oidcAudience: { about: 'Whom those tokens must be for.', type: 'text' },
    format: {
      about: 'How records are written. Default: by the content type.',
      type: 'text',
      choices: [...formatNames],
    },
    encoding: {
      about: 'Of text. Default: utf-8; of XML what it declares.',
      type: 'text',
      choices: ['utf-8', 'windows-1252', 'iso-8859-1', 'utf-16le', 'utf-16be'],
    },
    csvDelimiter: { about: 'Between the fields of CSV.', type: 'text', default: ',' },
    jsonPath: {
      about:
        'JSON Pointer to the list of records in a JSON document. Default: a list is its items, all else one record.',
      type: 'text',
    },
    xmlElement: { about: 'The element of XML that is a record.', type: 'text' },
    eventId: {
      about:
        "jq on a JSON body: the sender's own id of the event; the same id again is not taken twice. Default: the header Idempotency-Key.",
      type: 'jq',
    },
    maxBytes: { about: 'The largest body that is taken.', type: 'bytes', default: '100MB' },
  },
  open(connection, host) {
    const sender = checkSender(connection, host)
    const eventId =
      connection.metadata.eventId === undefined
        ? undefined
        : expression(String(connection.metadata.eventId), 'eventId')
    return {
      async check(signal) {
        await sender.ready(signal)
        return `Takes what is pushed to /in/${connection.name}, by ${sender.ways.join(' and ')}.`
      },
      intake: {
        maxBytes: Number(connection.metadata.maxBytes),
        hash: sender.hash,
        async take({ headers, digest, parts, signal }) {
          await sender.check(headers, digest, signal)
          const key = headers['idempotency-key']
          const [first] = parts
          const told = eventId && first ? eventIdOf(await readWhole(first.file), eventId) : key
          return {
            ...(told !== undefined && { key: told }),
            batches: readParts(connection, parts, host.dataFolder, signal),
          }
        },
      },
      close: async () => {},
    }
  },
}

async function* readParts(
  { metadata, name }: ConnectionSettings,
  parts: readonly { name: string; contentType: string; file: string }[],
  dataFolder: string,
  signal: AbortSignal,
): AsyncGenerator<SourceBatch> {
  for (const part of parts) {
    const given: JsonObject = {
      ...(metadata.format !== undefined && { format: String(metadata.format) }),
      ...(metadata.encoding !== undefined && { encoding: String(metadata.encoding) }),
      csv: { delimiter: String(metadata.csvDelimiter) },
      ...(metadata.xmlElement !== undefined && { xml: { element: String(metadata.xmlElement) } }),
      ...(metadata.jsonPath !== undefined && { json: { path: String(metadata.jsonPath) } }),
    }
    const shown = part.name === '' ? name : part.name
    const how = documentOptions(given, shown, part.contentType === '' ? 'application/json' : part.contentType)
    // A JSON document that is no list is one record.
    if (how.compression === 'none' && how.format.name === 'json' && metadata.jsonPath === undefined) {
      const value = await readWhole(part.file)
      if (!Array.isArray(value)) {
        yield { records: [value], origin: () => shown, bad: [], position: { part: shown } }
        continue
      }
    }
    const document = {
      name: shown,
      file: part.file,
      bytes: () => createReadStream(part.file) as AsyncIterable<Uint8Array>,
    }
    for await (const { records, bad, origin, done } of readDocument(document, how, {
      batchSize: 1000,
      skip: 0,
      signal,
      dataFolder,
    })) {
      yield { records, bad, origin, position: { part: shown, done } }
    }
  }
}

/** Most bytes of a body that is looked at as a whole. */
const mostWhole = 16_000_000

async function readWhole(file: string): Promise<Json> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > mostWhole) return []
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString()) as Json
  } catch {
    throw fault('validation', 'The body is not valid JSON.')
  }
}

function eventIdOf(body: Json, eventId: ReturnType<typeof expression>): string {
  const found = isObject(body) ? eventId.first(body) : null
  if (typeof found === 'string' && found !== '') return found
  if (typeof found === 'number') return String(found)
  throw fault('validation', 'The body has no id of the event, which this connection asks for.')
}
