import { describe, expect, test } from 'vitest'
import { isMissing, overDatabases } from '../database/testing/databases.ts'
import { Postponed } from '../workflow/index.ts'
import { down, MemorySystem } from './testing/memory-connector.ts'
import { openTestTransfers } from './testing/open-test-transfers.ts'
import { withBucket } from './testing/storages.ts'
import { transferSuite } from './testing/transfer-suite.ts'

overDatabases((kind) => transferSuite((options) => openTestTransfers({ kind, ...options })))
describe('on SQLite, with datasets in a bucket', () =>
  withBucket(() => transferSuite((options) => openTestTransfers({ storage: 'bucket', ...options }))))

describe('where several processes share the database', () => {
  if (isMissing('PostgreSQL')) test.skip('PostgreSQL is not installed')
  else transferSuite((options) => openTestTransfers({ kind: 'PostgreSQL', processes: 3, ...options }))
})

test('what waits long is put off, and is later tried with more patience', async () => {
  const system = new MemorySystem()
  let isDown = true
  system.before = (what) => {
    if (what === 'write' && isDown) throw down('finance')
  }
  let later = 0
  const { perform, write, read, close } = await openTestTransfers({
    connectors: [system.connector('test.system')],
    now: () => Date.now() + later,
    random: () => 1,
  })
  write('in.ndjson', [1, 2])
  const to = [{ connection: 'system' }, { connection: 'files', path: 'out.ndjson' }]
  const given = { from: { connection: 'files', path: 'in.ndjson' }, to }
  const attempt = async () => {
    const error = await perform(given).catch((postponed: unknown) => postponed)
    if (!(error instanceof Postponed)) throw new Error(`It was not put off: ${JSON.stringify(error)}`)
    later = error.until - Date.now()
    return error.attempt
  }
  const attempts = [await attempt(), await attempt()]
  expect(attempts[1]).toBeGreaterThan(attempts[0] ?? 0)
  expect(read('out.ndjson')).toHaveLength(2)
  isDown = false
  expect(await perform(given)).toMatchObject({ targets: { system: { delivered: 2 } } })
  await close()
})
