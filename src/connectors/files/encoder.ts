import type { Json } from '../../workflow/index.ts'
import type { RecordBatch, WriteResult } from '../connector.ts'
import { createDocumentWriter, type PlainOptions } from '../formats/index.ts'

/** Makes bytes of records, a batch at a time. */
export interface Encoder {
  encode(batch: RecordBatch): Promise<{ bytes: Uint8Array; refused: WriteResult['refused'] }>
  end(): Promise<Uint8Array>
  /** With it a new encoder goes on where this one is. */
  state(): Json
}

export function createEncoder(how: PlainOptions, state: Json, appending: boolean): Encoder {
  if (how.format.name === 'ndjson' && how.compression === 'none' && (how.encoding ?? 'utf-8') === 'utf-8') {
    return plainLines
  }
  let pieces: Uint8Array[] = []
  const writer = createDocumentWriter(how, {
    write: async (bytes) => void pieces.push(bytes),
    state,
    appending,
  })
  const taken = (): Uint8Array => {
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
    pieces = []
    return bytes
  }
  return {
    async encode(batch) {
      const refused = await writer.write(batch.values())
      return { refused, bytes: taken() }
    },
    async end() {
      await writer.end()
      return taken()
    },
    state: () => writer.state(),
  }
}

/** Records come as lines already. */
const plainLines: Encoder = {
  encode: async (batch) => ({ bytes: batch.lines(), refused: [] }),
  end: async () => new Uint8Array(),
  state: () => null,
}
