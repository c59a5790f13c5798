import { describe, test } from 'vitest'
import { isMissing, overDatabases } from '../database/testing/databases.ts'
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
