// One life of an engine with a transfer to three targets, to be killed at any moment.
// Usage: transfer-driver.mjs <folder> <socket of the keyed target> [<S3 server that has the datasets, as JSON>]
import { join } from 'node:path'
import { openDatabase } from '../../dist/database/index.js'
import { openEmbeddedEngine } from '../../dist/engines/index.js'
import { openTransfers } from '../../dist/transfer/index.js'
import { load } from '../../dist/workflow/definition/index.js'
import { datasetsIn, given, openParts } from './transfer-parts.mjs'

const [, , folder, socket, server] = process.argv

const definition = load(
  JSON.stringify({
    document: { dsl: '1.0.3', namespace: 'crash', name: 'move', version: '1.0.0' },
    do: [
      {
        move: {
          call: 'transfer:1.0.0@default',
          with: given,
        },
      },
    ],
  }),
).definition

const data = join(folder, 'data')
const database = await openDatabase({ folder: data })
const transfers = openTransfers({
  database,
  dataFolder: data,
  ...(server && { datasets: datasetsIn(JSON.parse(server), database, data) }),
  connections: openParts(folder, data, socket),
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
process.exit()
