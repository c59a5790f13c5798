// What the drivers of transfers have in common: the folder's connections, and what is moved.
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectorOf, openConnections, readConnection, s3Client } from '../../dist/connectors/index.js'
import { createHttpClient } from '../../dist/http/index.js'
import { bucketDatasets } from '../../dist/transfer/index.js'
import { fault } from '../../dist/workflow/index.js'

/** From a file to three targets: one that is added to, one with keys, and one that is replaced. */
export const given = {
  from: { connection: 'files', path: 'in.ndjson' },
  through: [{ map: '{ id, twice: (.id * 2), name }' }, { deduplicate: '.id' }],
  to: [
    { connection: 'files', name: 'appended', path: 'appended.ndjson' },
    { connection: 'keyed', mode: 'upsert', key: ['id'] },
    { connection: 'files', name: 'replaced', path: 'replaced.ndjson', mode: 'replace' },
  ],
  batchSize: 200,
  personalData: { encrypt: ['.name'] },
}

/**
 * `files` is the folder, `keyed` the rows by key that another process has, behind the socket, which takes `keyedMs` for a batch, and
 * `people` gives `people.count` records, `people.pauseMs` after each batch, and the last after `people.beforeLast`.
 */
export function openParts(folder, dataFolder, socket, people = { count: 0, pauseMs: 0 }, keyedMs = 0) {
  const keyed = {
    type: 'test.keyed',
    about: 'Rows by key, in another process.',
    metadata: {},
    targetOptions: { type: 'object', additionalProperties: false },
    targetModes: ['upsert'],
    open: () => ({
      check: async () => 'It works.',
      target: () => ({ begin: (request) => beginKeyed(request, socket, keyedMs) }),
      close: async () => {},
    }),
  }
  const source = {
    type: 'test.people',
    about: 'People, one after the other.',
    metadata: {},
    sourceOptions: { type: 'object', additionalProperties: false },
    open: () => ({
      check: async () => 'It works.',
      source: () => ({ read: (request) => readPeople(request, people) }),
      close: async () => {},
    }),
  }
  const find = (type) => [keyed, source].find((each) => each.type === type) ?? connectorOf(type)
  const declare = (name, type, metadata) =>
    readConnection(
      { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name }, spec: { type, metadata } },
      find,
      [],
    ).declaration
  const declarations = [
    declare('files', 'bindings.localstorage', [{ name: 'rootPath', value: folder }]),
    declare('keyed', 'test.keyed', []),
    declare('people', 'test.people', []),
  ]
  return openConnections({
    declarations: () => declarations,
    connectorOf: find,
    secrets: async () => ({}),
    environment: {},
    projectFolder: folder,
    dataFolder,
    http: undefined,
    now: Date.now,
    log: () => {},
  })
}

/** Datasets in the bucket of an S3 server. */
export function datasetsIn({ endpoint, bucket, accessKey, secretKey }, database, dataFolder) {
  const s3 = { endpoint, bucket, accessKey, secretKey, region: 'us-east-1', pathStyle: true }
  const place = `s3://${bucket}/`
  const cacheFolder = join(dataFolder, 'cache')
  const client = s3Client('datasets', s3, createHttpClient())
  return bucketDatasets({ client, prefix: '', place, database, cacheFolder, now: Date.now })
}

async function* readPeople({ position, batchSize, signal }, { count, pauseMs, beforeLast }) {
  for (let at = Number(position ?? 0); at < count;) {
    const from = at
    at = Math.min(at + batchSize, count)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    if (at === count) await beforeLast?.()
    signal.throwIfAborted()
    const records = Array.from({ length: at - from }, (_, index) => ({
      id: from + index,
      name: `Person ${from + index}`,
    }))
    yield { records, origin: (index) => `person ${from + index}`, bad: [], position: at }
  }
}

async function beginKeyed({ key }, socket, ms) {
  const client = connect(socket)
  const down = () => fault('communication', 'The keyed target is not there.', { cause: 'ECONNRESET' })
  await new Promise((resolve, reject) => client.once('connect', resolve).once('error', () => reject(down())))
  const answers = createInterface({ input: client })[Symbol.asyncIterator]()
  client.on('error', () => {})
  return {
    resumable: true,
    parallel: true,
    async write(batch) {
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
      const rows = batch.values().map((each) => [key.map((name) => each[name]).join(), JSON.stringify(each)])
      client.write(`${JSON.stringify({ rows })}\n`)
      const { done, value } = await answers.next()
      if (done) throw down()
      if (JSON.parse(value).done !== rows.length) throw down()
      return { refused: [], state: null }
    },
    finish: async () => void client.end(),
    abort: async () => void client.destroy(),
  }
}
