import { join } from 'node:path'
import type { Settings } from '../config/index.ts'
import { guardedConnection, s3Client } from '../connectors/index.ts'
import type { Database } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import { createHttpClient, type HttpClient } from '../http/index.ts'
import type { Guard } from '../resilience/index.ts'
import { bucketDatasets, checkBucket, folderDatasets, type Bucket, type Datasets } from '../transfer/index.ts'
import { problemOf } from '../workflow/index.ts'
import { httpSettings } from './http-settings.ts'

export interface DatasetsOptions {
  readonly database: Database
  readonly guard?: Guard | undefined
  readonly environment: { readonly [name: string]: string | undefined }
  readonly now: () => number
}

/** Longest time for one request: an object is a few megabytes. */
const timeoutMs = 60_000

/** Where the settings say that datasets lie: in the data folder, or in a bucket. Nothing is asked of it yet. */
export async function openDatasets(
  settings: Settings,
  { database, guard, environment, now }: DatasetsOptions,
): Promise<Datasets & { close(): Promise<void> }> {
  const { datasets: place, data } = settings
  if (place === undefined) return { ...folderDatasets(data), close: async () => {} }
  const { bucket, http } = await openBucket(place, settings, environment, guard)
  const cacheFolder = join(data, 'cache', 'datasets')
  const opened = bucketDatasets({ ...bucket, database, cacheFolder, now })
  return {
    ...opened,
    async close() {
      await opened.storage.close()
      await http.close()
    },
  }
}

/** Whether datasets can be kept where they are to lie, in a sentence. Throws what is wrong. */
export async function checkDatasets(
  settings: Settings,
  environment: DatasetsOptions['environment'],
): Promise<string> {
  const { datasets: place, data } = settings
  const signal = AbortSignal.timeout(20_000)
  if (place === undefined) return folderDatasets(data).storage.check(signal)
  const { bucket, http } = await openBucket(place, settings, environment, undefined)
  return checkBucket(bucket, signal).finally(() => http.close())
}

async function openBucket(
  place: string,
  settings: Settings,
  environment: DatasetsOptions['environment'],
  guard: Guard | undefined,
): Promise<{ bucket: Bucket; http: HttpClient }> {
  const { hostname: bucket, pathname } = new URL(place)
  const limits = await httpSettings(settings)
  const http = createHttpClient({ ...limits, totalTimeoutMs: Math.min(timeoutMs, settings.httpTimeout) })
  try {
    // Policies name it among the components.
    const declared = { name: 'datasets', kind: 'Component', type: 'bindings.aws.s3' } as const
    const guarded = guardedConnection(guard, declared, http)
    const client = s3Client('SLUSE_DATASETS', { bucket, ...credentials(environment) }, guarded.http)
    const prefix = pathname.replace(/^\/+|\/+$/g, '')
    return { bucket: { client, prefix: prefix === '' ? '' : `${prefix}/`, place }, http }
  } catch (error) {
    await http.close()
    const { detail } = problemOf(error) ?? {}
    if (detail === undefined) throw error
    throw new SluseError('SLUSE-SETTING', `SLUSE_DATASETS: ${detail}`)
  }
}

/** As the tools for S3 name them. */
function credentials(environment: DatasetsOptions['environment']) {
  const given = (...names: string[]) => names.map((name) => environment[name]).find(Boolean)
  const accessKey = given('AWS_ACCESS_KEY_ID')
  const secretKey = given('AWS_SECRET_ACCESS_KEY')
  if (accessKey === undefined || secretKey === undefined) {
    throw new SluseError(
      'SLUSE-SETTING',
      'SLUSE_DATASETS is a bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, too.',
    )
  }
  const endpoint = given('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  return {
    accessKey,
    secretKey,
    sessionToken: given('AWS_SESSION_TOKEN'),
    region: given('AWS_REGION', 'AWS_DEFAULT_REGION') ?? 'us-east-1',
    endpoint,
    // Amazon is moving away from paths; others mostly know nothing else.
    pathStyle: endpoint !== undefined,
  }
}
