import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open as openFile, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { MqttClient } from 'mqtt'
import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import type { ConnectionSettings, ConnectorHost, ReadRequest, Source, SourceBatch } from '../connector.ts'
import { clientFault, MessageCollector } from '../messages/index.ts'
import type { OpenMqtt } from './index.ts'

/**
 * A broker forgets a message once it is acknowledged, and gives no other before the first is. So each goes to a file
 * of ours, durably, before we acknowledge it; a read gives what is in the file, and confirming it empties the file.
 */
export function mqttSource(
  connection: ConnectionSettings,
  options: JsonObject,
  host: ConnectorHost,
  open: OpenMqtt,
): Source {
  const topic = String(options.topic ?? connection.metadata.topic ?? '')
  if (topic === '')
    throw fault('configuration', `${connection.name} has no topic, and the transfer names none.`)
  const name = createHash('sha256').update(`${connection.name}\n${topic}`).digest('hex').slice(0, 24)
  const folder = join(host.dataFolder, 'mqtt')
  const spool = join(folder, `${name}.ndjson`)

  const receive = async (signal: AbortSignal): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await mendEnd(spool)
    const clientId = String(connection.metadata.consumerID ?? `sluse-${name}`)
    const file = await openFile(spool, 'a', 0o600)
    const quietMs = Number(options.quietSeconds ?? 2) * 1000
    const most = Number(options.maxRecords ?? 100_000)
    let client: MqttClient | undefined
    let quiet: NodeJS.Timeout | undefined
    let tellQuiet: () => void = () => {}
    let tellLost: (error: Error) => void = () => {}
    const ended = new Promise<void>((resolve, reject) => {
      tellQuiet = resolve
      tellLost = reject
    })
    ended.catch(() => {})
    const stop = () => tellLost(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    let taken = 0
    const prepare = (opening: MqttClient) => {
      opening.handleMessage = (packet, done) => {
        clearTimeout(quiet)
        const payload = Buffer.from(packet.payload).toString('base64')
        file
          .appendFile(`${JSON.stringify([packet.topic, payload])}\n`)
          .then(() => file.datasync())
          .then(() => {
            done()
            taken += 1
            quiet = setTimeout(tellQuiet, taken >= most ? 0 : quietMs)
          }, tellLost)
      }
    }
    try {
      client = await open({ clean: false, clientId }, signal, prepare)
      client.once('close', () => tellLost(new Error('the connection was closed')))
      await client.subscribeAsync(topic, { qos: 1 })
      if (taken === 0) quiet = setTimeout(tellQuiet, quietMs)
      await ended
    } catch (error) {
      signal.throwIfAborted()
      throw clientFault(error, String(connection.metadata.url))
    } finally {
      clearTimeout(quiet)
      signal.removeEventListener('abort', stop)
      await client?.endAsync(false).catch(() => {})
      await file.close()
    }
  }

  return {
    async *read(request) {
      // What has been read is in the file: an interrupted read goes on in it.
      if (request.position === null) await receive(request.signal)
      yield* readSpool(spool, options, request, topic)
    },
    async confirm(position) {
      const bytes = isObject(position) ? Number(position.bytes) : 0
      const spooled = isObject(position) ? String(position.spool) : ''
      if (bytes === 0 || (await idOf(spool)) !== spooled) return
      await dropStart(spool, bytes)
    },
  }
}

async function* readSpool(
  spool: string,
  options: JsonObject,
  { position, batchSize, signal }: ReadRequest,
  topic: string,
): AsyncGenerator<SourceBatch> {
  const start = isObject(position) ? Number(position.bytes) : 0
  const id = await idOf(spool)
  if (isObject(position) && position.spool !== id) {
    throw fault('validation', `The messages of ${topic} that were being read have been confirmed meanwhile.`)
  }
  let bytes = start
  let number = isObject(position) ? Number(position.number) : 0
  const found = new MessageCollector(options)
  const cut = (): SourceBatch => found.cut({ spool: id, bytes, number })
  if ((await sizeOf(spool)) <= start) return
  const lines = createInterface({ input: createReadStream(spool, { start }), crlfDelay: Infinity })
  for await (const line of lines) {
    signal.throwIfAborted()
    bytes += Buffer.byteLength(line) + 1
    number += 1
    const [from, payload] = JSON.parse(line) as [string, string]
    found.add({ topic: from, value: Buffer.from(payload, 'base64') }, `${topic}, message ${number}`)
    if (found.size >= batchSize) yield cut()
  }
  if (found.size > 0) yield cut()
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  )

/** Another file of the same name is another one. */
const idOf = (file: string): Promise<string> =>
  stat(file, { bigint: true }).then(
    ({ ino }) => ino.toString(),
    () => '',
  )

/** A line that a crash cut off was not acknowledged: it comes again. */
async function mendEnd(spool: string): Promise<void> {
  const size = await sizeOf(spool)
  if (size === 0) return
  const file = await openFile(spool, 'r')
  try {
    const length = Math.min(size, 1_000_000)
    const end = Buffer.alloc(length)
    await file.read(end, 0, length, size - length)
    const whole = end.lastIndexOf(10) + 1
    if (whole < length) await truncate(spool, size - length + whole)
  } finally {
    await file.close()
  }
}

/** What came after it is kept, in a new file that takes the place of the old one. */
async function dropStart(spool: string, bytes: number): Promise<void> {
  if ((await sizeOf(spool)) <= bytes) return rm(spool, { force: true })
  const next = `${spool}.next`
  const out = await openFile(next, 'w', 0o600)
  try {
    for await (const chunk of createReadStream(spool, { start: bytes }) as AsyncIterable<Uint8Array>)
      await out.write(chunk)
    await out.sync()
  } finally {
    await out.close()
  }
  await rename(next, spool)
}
