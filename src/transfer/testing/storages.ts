import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { hasS3Server, startS3, type S3Server } from '../../../test/servers/s3/index.ts'
import { guardedConnection, s3Client, type S3Client } from '../../connectors/index.ts'
import type { Database } from '../../database/index.ts'
import { createHttpClient, type HttpClient } from '../../http/index.ts'
import type { Guard } from '../../resilience/index.ts'
import { bucketDatasets, folderDatasets, type Datasets } from '../index.ts'

/** Where datasets may lie: `overStorages` does a suite with each. */
export const storages = ['folder', 'bucket'] as const
export type StorageKind = (typeof storages)[number]

let server: S3Server | undefined
const clients: HttpClient[] = []

/** For the tests of a file: one S3 server. Where there is none, they are left out. */
export function withBucket(suite: () => void): void {
  const required = Boolean(process.env.SLUSE_TEST_REQUIRE_SERVERS)
  describe.skipIf(!hasS3Server() && !required)('with a real S3 server', () => {
    beforeAll(async () => {
      server = await startS3()
    })
    afterAll(async () => {
      for (const client of clients.splice(0)) await client.close()
      await server?.stop()
      server = undefined
    })
    suite()
  })
}

/** The tests of `suite`, with each of the storages. */
export function overStorages(suite: (kind: StorageKind) => void): void {
  describe('in a folder', () => suite('folder'))
  describe('in a bucket', () => withBucket(() => suite('bucket')))
}

export interface StorageOptions {
  readonly database: Database
  /** `SLUSE_DATA` */
  readonly folder: string
  /** Not given: the server of `withBucket`. */
  readonly endpoint?: string
  readonly secretKey?: string
  readonly bucket?: string
  /** Not given: one of its own. */
  readonly prefix?: string
  readonly guard?: Guard
  /** How many objects a list has at most on a page. Not given: as many as the server likes. */
  readonly pageSize?: number
  /** Longest time for one request. */
  readonly timeoutMs?: number
  readonly now?: () => number
}

export function testDatasets(kind: StorageKind, options: StorageOptions): Datasets {
  const { database, folder, guard, timeoutMs = 30_000, now = Date.now } = options
  if (kind === 'folder') return folderDatasets(folder)
  const http = createHttpClient({ totalTimeoutMs: timeoutMs })
  clients.push(http)
  const declared = { name: 'datasets', kind: 'Component', type: 'bindings.aws.s3' } as const
  const { endpoint, bucket, accessKey, secretKey } = { ...s3Server(), ...given(options) }
  const s3 = { endpoint, bucket, accessKey, secretKey, region: 'us-east-1', pathStyle: true }
  const client = paged(
    s3Client('the test', s3, guardedConnection(guard, declared, http).http),
    options.pageSize,
  )
  const { prefix = `${randomUUID()}/` } = options
  const place = `s3://${bucket}/${prefix}`
  return bucketDatasets({ client, prefix, place, database, cacheFolder: join(folder, 'cache'), now })
}

export function s3Server(): S3Server {
  if (!server) throw new Error('There is no S3 server outside of `withBucket`.')
  return server
}

function paged(client: S3Client, size: number | undefined): S3Client {
  if (size === undefined) return client
  return {
    ...client,
    send: (method, key, request) => {
      const { query } = request
      const isList = query?.['list-type'] !== undefined
      return client.send(
        method,
        key,
        isList ? { ...request, query: { ...query, 'max-keys': String(size) } } : request,
      )
    },
  }
}

function given({ endpoint, secretKey, bucket }: StorageOptions) {
  return { ...(endpoint && { endpoint }), ...(secretKey && { secretKey }), ...(bucket && { bucket }) }
}
