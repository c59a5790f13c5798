// One life of an engine with a transfer to three targets, to be killed at any moment.
// Usage: transfer-driver.mjs <folder> <socket of the keyed target>
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectorOf, openConnections, readConnection } from '../../dist/connectors/index.js'
import { openDatabase } from '../../dist/database/index.js'
import { openEmbeddedEngine } from '../../dist/engines/index.js'
import { openTransfers } from '../../dist/transfer/index.js'
import { load } from '../../dist/workflow/definition/index.js'
import { fault } from '../../dist/workflow/index.js'

const [, , folder, socket] = process.argv

const keyed = {
  type: 'test.keyed',
  about: 'Rows by key, in another process.',
  metadata: {},
  targetOptions: { type: 'object', additionalProperties: false },
  targetModes: ['upsert'],
  open: () => ({
    check: async () => 'It works.',
    target: () => ({ begin: beginKeyed }),
    close: async () => {},
  }),
}

async function beginKeyed({ key }) {
  const client = connect(socket)
  const down = () => fault('communication', 'The keyed target is not there.', { cause: 'ECONNRESET' })
  await new Promise((resolve, reject) => client.once('connect', resolve).once('error', () => reject(down())))
  const answers = createInterface({ input: client })[Symbol.asyncIterator]()
  client.on('error', () => {})
  return {
    resumable: true,
    async write(batch) {
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

const definition = load(
  JSON.stringify({
    document: { dsl: '1.0.3', namespace: 'crash', name: 'move', version: '1.0.0' },
    do: [
      {
        move: {
          call: 'transfer:1.0.0@default',
          with: {
            from: { connection: 'files', path: 'in.ndjson' },
            through: [{ map: '{ id, twice: (.id * 2), name }' }, { deduplicate: '.id' }],
            to: [
              { connection: 'files', name: 'appended', path: 'appended.ndjson' },
              { connection: 'keyed', mode: 'upsert', key: ['id'] },
              { connection: 'files', name: 'replaced', path: 'replaced.ndjson', mode: 'replace' },
            ],
            batchSize: 200,
            personalData: { encrypt: ['.name'] },
          },
        },
      },
    ],
  }),
).definition

const find = (type) => (type === keyed.type ? keyed : connectorOf(type))
const declare = (name, type, metadata) =>
  readConnection(
    { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name }, spec: { type, metadata } },
    find,
    [],
  ).declaration
const declarations = [
  declare('files', 'bindings.localstorage', [{ name: 'rootPath', value: folder }]),
  declare('keyed', 'test.keyed', []),
]
const data = join(folder, 'data')
const database = await openDatabase({ folder: data })
const transfers = openTransfers({
  database,
  dataFolder: data,
  connections: openConnections({
    declarations: () => declarations,
    connectorOf: find,
    secrets: async () => ({}),
    environment: {},
    projectFolder: folder,
    dataFolder: data,
    http: undefined,
    now: Date.now,
    log: () => {},
  }),
  publish: async () => {},
  log: () => {},
})
const engine = await openEmbeddedEngine({ database, activities: (request) => transfers.perform(request) })
await transfers.start()
await engine.deploy([definition])
const { id } = await engine.start({
  definition: { namespace: 'crash', name: 'move', version: '1.0.0' },
  idempotencyKey: 'once',
})
console.log('started')
const outcome = await engine.outcome(id)
console.log(JSON.stringify(outcome))
await transfers.close()
await engine.close()
await database.close()
