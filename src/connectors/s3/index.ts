/** Objects in S3 and what speaks its protocol. Dapr calls the type `bindings.aws.s3`. */
import { fault } from '../../workflow/index.ts'
import type { Connector } from '../connector.ts'
import { fileSource, fileSourceOptions, fileTargetOptions } from '../files/index.ts'
import { s3Client } from './client.ts'
import { s3Store } from './store.ts'
import { s3Target } from './target.ts'

export const s3: Connector = {
  type: 'bindings.aws.s3',
  about: 'Objects in Amazon S3 or any storage that speaks its protocol.',
  metadata: {
    bucket: { about: 'The bucket.', type: 'text', required: true },
    region: { about: 'Its region; storage of others mostly takes any.', type: 'text', default: 'us-east-1' },
    endpoint: { about: 'The address of the storage, where it is not Amazon.', type: 'text' },
    accessKey: { about: 'The access key.', type: 'text', required: true },
    secretKey: { about: 'The secret that belongs to it.', type: 'text', required: true, secret: true },
    sessionToken: { about: 'For keys that hold for a while.', type: 'text', secret: true },
    forcePathStyle: {
      about: "Whether the bucket is in the address's path instead of its host name.",
      type: 'boolean',
      default: false,
    },
  },
  sourceOptions: fileSourceOptions,
  targetOptions: fileTargetOptions,
  targetModes: ['append', 'replace'],
  open(connection, host) {
    const { bucket, endpoint, region, accessKey, secretKey, sessionToken, forcePathStyle } =
      connection.metadata
    const client = s3Client(
      connection.name,
      {
        bucket: String(bucket),
        region: String(region),
        endpoint: endpoint === undefined ? undefined : String(endpoint),
        accessKey: String(accessKey),
        secretKey: String(secretKey),
        sessionToken: sessionToken === undefined ? undefined : String(sessionToken),
        pathStyle: forcePathStyle === true,
      },
      host.http,
    )
    const store = s3Store(client)
    return {
      async check(signal) {
        const answer = await client.send('GET', '', {
          query: { 'list-type': '2', 'max-keys': '1' },
          signal,
          anyStatus: true,
        })
        const shown = `The bucket ${String(bucket)}${endpoint === undefined ? '' : ` at ${String(endpoint)}`}`
        if (answer.status === 404) throw fault('configuration', `${shown} does not exist.`)
        if (answer.status === 403) throw fault('authentication', `${shown} may not be used with this key.`)
        if (answer.status >= 300) throw fault('communication', `${shown} answered ${answer.status}.`)
        return `${shown} can be read.`
      },
      source: (options) => fileSource(store, options, host),
      target: (options) => s3Target(client, options, host),
      close: async () => {},
    }
  },
}
