import { createHash } from 'node:crypto'
import type { HttpClient, HttpResponse } from '../../http/index.ts'
import { fault } from '../../workflow/index.ts'

export interface S3Request {
  readonly query?: { readonly [name: string]: string }
  readonly headers?: { readonly [name: string]: string }
  readonly body?: Uint8Array
  readonly signal: AbortSignal
  /** Statuses that are answers, too; see `HttpRequest`. */
  readonly anyStatus?: boolean | readonly number[]
  readonly maxBytes?: number
}

/** Signed requests on one bucket, by way of the one HTTP client. */
export interface S3Client {
  readonly bucket: string
  /** `key` is an object's, or `''` for the bucket itself. */
  send(method: string, key: string, request: S3Request): Promise<HttpResponse>
}

export interface S3Options {
  readonly bucket: string
  readonly region: string
  /** Not given: Amazon's. */
  readonly endpoint?: string | undefined
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken?: string | undefined
  /** Whether the bucket is in the address's path instead of its host name. */
  readonly pathStyle: boolean
}

/** Throws a fault for what cannot be; `name` is whose options they are. Nothing is sent yet. */
export function s3Client(name: string, options: S3Options, http: Pick<HttpClient, 'send'>): S3Client {
  const { bucket, region, accessKey, secretKey, sessionToken, pathStyle } = options
  const endpoint = options.endpoint ?? `https://s3.${region}.amazonaws.com`
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw fault('configuration', `The endpoint of ${name} is not an address of http or https.`)
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]+$/.test(bucket)) {
    throw fault('configuration', `${JSON.stringify(bucket)} is not the name of a bucket.`)
  }
  const base = new URL(endpoint)
  if (!pathStyle) base.hostname = `${bucket}.${base.hostname}`
  const root = `${base.href.replace(/\/+$/, '')}/${pathStyle ? bucket : ''}`.replace(/\/$/, '')

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
        accessKeyId: accessKey,
        secretAccessKey: secretKey,
        ...(sessionToken !== undefined && { sessionToken }),
      })
      const signed = await signer.sign()
      const sent = Object.fromEntries(signed.headers)
      delete sent.host
      return http.send(
        {
          method,
          uri: signed.url.toString(),
          headers: sent,
          ...(body && { body }),
          ...(anyStatus && { anyStatus }),
          ...(maxBytes !== undefined && { maxBytes }),
          hidden: [secretKey, sent.authorization ?? ''].filter((value) => value !== ''),
        },
        { secrets: {}, signal },
      )
    },
  }
}

/** What SigV4 wants: everything outside of RFC 3986's unreserved characters. */
const encode = (step: string) =>
  encodeURIComponent(step).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`)
