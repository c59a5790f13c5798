// One of many processes that carry a transfer out, to be killed or frozen at any moment: to three targets, or to one slow
// target in any order, so that several deliver to it.
// Usage: transfer-worker.mjs <folder> <socket of the keyed target> <worker|lead> <name> <records> <three|any>
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../dist/database/index.js'
import { databaseMembers, Member } from '../../dist/members/index.js'
import { openTransfers } from '../../dist/transfer/index.js'
import { given, openParts } from './transfer-parts.mjs'

const [, , folder, socket, role, name, count, to] = process.argv

const data = join(folder, 'data')
/** Until the test has done it. Where several deliver, nothing waits. */
const until = async (done) => {
  while (to !== 'any' && !existsSync(join(folder, done)))
    await new Promise((resolve) => setTimeout(resolve, 20))
}
const people = { count: Number(count), pauseMs: 20, beforeLast: () => until('all-hit') }
const database = await openDatabase({ folder: data, url: process.env.DATABASE_URL, exclusive: false })
const store = databaseMembers(database)
const member = await Member.join({ store, role: 'worker', version: '1', name, presentMs: 1500 })
const transfers = openTransfers({
  database,
  dataFolder: data,
  connections: openParts(folder, data, socket, people, to === 'any' ? 250 : 0),
  // A function that takes its time, so that others help with it.
  functions: {
    call: async (_, values) => {
      await until('helpers-hit')
      await new Promise((resolve) => setTimeout(resolve, 60))
      return values.map((value) => ({ records: [value] }))
    },
  },
  publish: async () => {},
  log: () => {},
  sharing: { takes: true, member, heldFor: 1500, partMs: 500 },
})
await transfers.start()
const close = async () => {
  await transfers.close()
  await member.leave()
  await database.close()
  process.exit(0)
}
process.once('SIGTERM', () => void close())
console.log('started')
// A worker has nothing to wait for but to be ended.
if (role === 'worker') setInterval(() => {}, 60_000)
else {
  console.log(JSON.stringify(await carryOut()))
  await close()
}

/** As an engine does: what is put off is asked for again when it is due. */
async function carryOut() {
  for (;;) {
    try {
      return await transfers.perform({
        kind: 'transfer',
        input: {
          ...given,
          from: { connection: 'people' },
          through: [{ call: 'work:1.0.0@default' }, ...given.through],
          concurrency: 6,
          ...(to === 'any' && { through: given.through, to: [given.to[1]], order: 'any' }),
        },
        idempotencyKey: 'run1:/do/0/move',
        attempt: 0,
        runId: 'run1',
        key: '/do/0/move',
        secrets: {},
        signal: new AbortController().signal,
      })
    } catch (error) {
      if (typeof error.until !== 'number') return { error: String(error), problem: error.problem }
      await new Promise((resolve) => setTimeout(resolve, error.until - Date.now()))
    }
  }
}
