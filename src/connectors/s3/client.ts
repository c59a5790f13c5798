import { createHash } from 'node:crypto'
import type { HttpResponse } from '../../http/index.ts'
import { fault } from '../../workflow/index.ts'
import type { ConnectionSettings, ConnectorHost } from '../connector.ts'

export interface S3Request {
  readonly query?: { readonly [name: string]: string }
  readonly headers?: { readonly [name: string]: string }
  readonly body?: Uint8Array
  readonly signal: AbortSignal
  readonly anyStatus?: boolean
  readonly maxBytes?: number
}

/** Signed requests on one bucket, by way of the one HTTP client. */
export interface S3Client {
  readonly bucket: string
  /** `key` is an object's, or `''` for the bucket itself. */
  send(method: string, key: string, request: S3Request): Promise<HttpResponse>
}

export function s3Client({ name, metadata }: ConnectionSettings, host: ConnectorHost): S3Client {
  const bucket = String(metadata.bucket)
  const region = String(metadata.region)
  const endpoint = String(metadata.endpoint ?? `https://s3.${region}.amazonaws.com`)
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw fault('configuration', `The endpoint of ${name} is not an address of http or https.`)
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]+$/.test(bucket)) {
    throw fault('configuration', `${JSON.stringify(bucket)} is not the name of a bucket.`)
  }
  const base = new URL(endpoint)
  if (metadata.forcePathStyle !== true) base.hostname = `${bucket}.${base.hostname}`
  const root = `${base.href.replace(/\/+$/, '')}/${metadata.forcePathStyle === true ? bucket : ''}`.replace(
    /\/$/,
    '',
  )

  return {
    bucket,
    async send(method, key, { query = {}, headers = {}, body, signal, anyStatus, maxBytes }) {
      const { AwsV4Signer } = await import('aws4fetch')
      const url = new URL(`${root}/${key.split('/').map(encode).join('/')}`)
      for (const [parameter, value] of Object.entries(query)) url.searchParams.set(parameter, value)
      const signer = new AwsV4Signer({
        method,
        url: url.href,
        headers: {
          ...headers,
          'x-amz-content-sha256': createHash('sha256')
            .update(body ?? '')
            .digest('hex'),
        },
        service: 's3',
        region,
        accessKeyId: String(metadata.accessKey),
        secretAccessKey: String(metadata.secretKey),
        ...(metadata.sessionToken !== undefined && { sessionToken: String(metadata.sessionToken) }),
      })
      const signed = await signer.sign()
      const sent = Object.fromEntries(signed.headers)
      delete sent.host
      return host.http.send(
        {
          method,
          uri: signed.url.toString(),
          headers: sent,
          ...(body && { body }),
          ...(anyStatus && { anyStatus }),
          ...(maxBytes !== undefined && { maxBytes }),
          hidden: [String(metadata.secretKey), sent.authorization ?? ''].filter((value) => value !== ''),
        },
        { secrets: {}, signal },
      )
    },
  }
}

/** What SigV4 wants: everything outside of RFC 3986's unreserved characters. */
const encode = (step: string) =>
  encodeURIComponent(step).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`)
