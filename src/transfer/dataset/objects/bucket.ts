import { randomUUID } from 'node:crypto'
import { listObjects, type S3Client } from '../../../connectors/index.ts'
import { SluseError } from '../../../errors.ts'
import { isPostponed, problemOf } from '../../../workflow/index.ts'

/** Where in which bucket datasets lie. */
export interface Bucket {
  readonly client: S3Client
  /** In front of all keys: empty, or ending with `/`. */
  readonly prefix: string
  /** For people: `s3://bucket/prefix`. */
  readonly place: string
}

/** The same bucket, of which every failure is told as `SLUSE-DATASETS-UNREACHABLE`. */
export function tellingOf(bucket: Bucket): Bucket {
  const { client, place } = bucket
  return {
    ...bucket,
    client: {
      ...client,
      send: (method, key, request) =>
        client.send(method, key, request).catch((error: unknown) => {
          if (request.signal.aborted) throw error
          const why = isPostponed(error) ? error.reason : problemOf(error)?.detail
          if (why === undefined) throw error
          throw unreachable(place, why, error)
        }),
    },
  }
}

export function unreachable(place: string, why: string, cause?: unknown): SluseError {
  return new SluseError('SLUSE-DATASETS-UNREACHABLE', `${place}: ${why}`, { cause })
}

/** Writes something, lists it, reads it and removes it again. Says so, or throws `SLUSE-DATASETS-UNREACHABLE`. */
export async function checkBucket(bucket: Bucket, signal: AbortSignal): Promise<string> {
  const { client, prefix, place } = tellingOf(bucket)
  const key = `${prefix}check-${randomUUID()}`
  const ask = async (method: string, what: string, body?: Uint8Array) => {
    const answer = await client.send(method, key, {
      ...(body && { body }),
      signal,
      anyStatus: [400, 403, 404],
    })
    if (answer.status === 404) throw unreachable(place, 'there is no such bucket.')
    if (answer.status === 400) throw unreachable(place, whatIsWrong(Buffer.from(answer.body).toString()))
    if (answer.status === 403) throw unreachable(place, `the access key may not ${what} there.`)
    return answer.body
  }
  const body = Buffer.from('sluse')
  await ask('PUT', 'write', body)
  try {
    if (!body.equals(await ask('GET', 'read'))) throw unreachable(place, 'it gave back something else.')
    const listed: string[] = []
    for await (const page of listObjects(client, key, true, signal))
      listed.push(...page.map((each) => each.key))
    if (!listed.includes(key)) throw unreachable(place, 'what was written is not in its list.')
  } finally {
    await ask('DELETE', 'remove')
  }
  return `Datasets can be written, read and removed in ${place}.`
}

/** Mostly it is the region, and then the storage says which one it is. */
function whatIsWrong(answer: string): string {
  const said = (element: string) => new RegExp(`<${element}>([^<]{1,300})</${element}>`).exec(answer)?.[1]
  const region = said('Region')
  if (region !== undefined) return `its region is ${region}: set AWS_REGION.`
  return `it refused what it was asked: ${said('Message') ?? 'it does not say why'}.`
}
