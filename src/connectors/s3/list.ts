import { SaxesParser } from 'saxes'
import { fault } from '../../workflow/index.ts'
import type { S3Client } from './client.ts'

export interface S3Object {
  readonly key: string
  readonly size: number
  /** Milliseconds since 1970, whole seconds; 0 where the storage does not say. */
  readonly modified: number
}

/**
 * The objects whose keys begin with `prefix`, in the order of their keys, a page of at most 1000 at a time. Not `deep`:
 * without those that have a further `/` in the rest of their key.
 */
export async function* listObjects(
  client: S3Client,
  prefix: string,
  deep: boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly S3Object[]> {
  let token: string | undefined
  do {
    const { body } = await client.send('GET', '', {
      query: {
        'list-type': '2',
        'encoding-type': 'url',
        prefix,
        ...(deep ? {} : { delimiter: '/' }),
        ...(token !== undefined && { 'continuation-token': token }),
      },
      signal,
    })
    const page = parseList(Buffer.from(body).toString())
    yield page.objects
    token = page.next
  } while (token !== undefined)
}

function parseList(text: string): { objects: S3Object[]; next: string | undefined } {
  const parser = new SaxesParser()
  const objects: S3Object[] = []
  let next: string | undefined
  let content: { [name: string]: string } = {}
  let value = ''
  parser.on('error', (error) => {
    throw fault('communication', `The storage's list of objects is not valid XML: ${error.message}.`)
  })
  parser.on('opentag', ({ name }) => {
    value = ''
    if (name === 'Contents') content = {}
  })
  parser.on('text', (more) => (value += more))
  parser.on('closetag', ({ name }) => {
    if (name === 'NextContinuationToken') next = value
    else if (name === 'Contents') {
      const key = decodeURIComponent((content.Key ?? '').replaceAll('+', ' '))
      const modified = Math.floor(Date.parse(content.LastModified ?? '') / 1000) * 1000 || 0
      objects.push({ key, size: Number(content.Size), modified })
    } else content[name] = value
  })
  parser.write(text).close()
  return { objects, next }
}
