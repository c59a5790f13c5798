import { open, realpath } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { parse as parseYaml } from 'yaml'
import type { Access, HttpClient } from '../http/index.ts'
import { fault, type Json, type WorkflowFault } from '../workflow/index.ts'
import type { ActivityOptions } from './activity.ts'
import { decodeText, mediaTypeOf } from './content.ts'
import type { Endpoint } from './input.ts'

export interface Resource {
  content: string
  /** Without parameters: `application/yaml`. */
  mediaType: string
  /** What a later `readResource` can be given as `unless`. */
  etag: string | undefined
}

export interface ReadOptions {
  maxBytes?: number
  /** An `etag` of before: the answer is `undefined` where the resource is still the same. */
  unless?: string | undefined
}

type Context = Access & { readonly http: HttpClient }

/** Documents are small: definitions, schemas, contracts, scripts. */
const mostBytes = 20_000_000

/**
 * Reads an external resource (dsl-reference.md, "External Resource"): `http(s)`, or a file of the project as
 * `file:///<absolute>`, `file://app/x` (the specification's examples: relative to the project's folder) or a plain
 * relative reference. Files are read only below the project's folder and the downloads of the data folder.
 */
export async function readResource(
  endpoint: Endpoint,
  context: Context,
  options: Pick<ActivityOptions, 'projectFolder' | 'dataFolder'>,
  { maxBytes = mostBytes, unless }: ReadOptions = {},
): Promise<Resource | undefined> {
  const { uri, authentication } = endpoint
  if (!/^https?:/i.test(uri)) return readFile(uri, options, maxBytes, unless, context.signal)
  const answer = await context.http.send(
    {
      method: 'GET',
      uri,
      headers: {
        accept: 'application/json, application/yaml, text/*;q=0.9, */*;q=0.8',
        ...(unless !== undefined && { 'if-none-match': unless }),
      },
      maxBytes,
      redirect: true,
      ...(authentication !== undefined && { authentication }),
    },
    context,
  )
  if (answer.status === 304 && unless !== undefined) return undefined
  if (answer.status !== 200) {
    throw fault(
      'communication',
      `The resource at ${new URL(answer.request.uri).host} was answered with ${answer.status}.`,
      {
        status: answer.status,
      },
    )
  }
  const { type, charset } = mediaTypeOf(answer.headers['content-type'])
  return {
    content: decodeText(answer.body, charset, `The resource at ${new URL(answer.request.uri).host}`),
    mediaType: type || typeByExtension(new URL(uri).pathname),
    etag: answer.headers['etag'],
  }
}

async function readFile(
  uri: string,
  { projectFolder, dataFolder }: Pick<ActivityOptions, 'projectFolder' | 'dataFolder'>,
  maxBytes: number,
  unless: string | undefined,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  const path = pathOf(uri, projectFolder)
  const real = await realpath(path).catch(() => undefined)
  const roots = await Promise.all(
    [projectFolder, join(dataFolder, 'files')].map(async (root) =>
      root === undefined ? undefined : realpath(root).catch(() => undefined),
    ),
  )
  // Asked of the real path, so that no link leads out. What is outside looks the same as what is missing.
  if (real === undefined || !roots.some((root) => root && real.startsWith(root + sep))) throw missing(uri)

  const handle = await open(real, 'r')
  try {
    const about = await handle.stat()
    if (!about.isFile()) throw missing(uri)
    if (about.size > maxBytes) {
      throw fault('configuration', `The file ${uri} has ${about.size} bytes; at most ${maxBytes} are read.`)
    }
    const etag = `${about.mtimeMs}-${about.size}-${about.ino}`
    if (etag === unless) return undefined
    const bytes = await handle.readFile({ signal })
    return {
      content: decodeText(bytes, undefined, `The file ${uri}`),
      mediaType: typeByExtension(path),
      etag,
    }
  } finally {
    await handle.close()
  }
}

function pathOf(uri: string, projectFolder: string | undefined): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'file') {
    throw fault('configuration', `A resource is read over http, https or from a file, not by ${scheme}.`)
  }
  const [rest = ''] = uri.replace(/^file:/i, '').split(/[?#]/)
  const decoded = decodePath(rest, uri)
  const absolute =
    /^\/\/(?:localhost)?(\/.*)$/.exec(decoded)?.[1] ??
    (scheme && /^\/[^/]/.test(decoded) ? decoded : undefined)
  if (absolute !== undefined) return resolve(absolute)
  if (projectFolder === undefined) {
    throw fault('configuration', `There is no project folder to which ${uri} could be relative.`)
  }
  return join(projectFolder, decoded)
}

function decodePath(text: string, uri: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes('\0')) return decoded
  } catch {
    // Falls through to the fault.
  }
  throw fault('configuration', `${JSON.stringify(uri)} is not the URI of a file.`)
}

const missing = (uri: string): WorkflowFault =>
  fault('configuration', `There is no file ${uri} in the project, or it may not be read.`)

function typeByExtension(path: string): string {
  return types[extname(path).toLowerCase()] ?? 'application/octet-stream'
}

const types: { readonly [extension: string]: string } = {
  '.json': 'application/json',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.xml': 'application/xml',
  '.proto': 'text/plain',
  '.txt': 'text/plain',
  '.csv': 'text/csv',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.py': 'text/x-python',
}

/** A JSON or YAML document as JSON. Aliases cannot blow it up; what JSON cannot say is a fault. */
export function parseDocument(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    // Not JSON: then YAML, of which JSON is nearly a part.
  }
  try {
    const value: unknown = parseYaml(text, {
      version: '1.2',
      merge: true,
      maxAliasCount: 100,
      logLevel: 'error',
    })
    return plain(value)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '').slice(0, 200) : ''
    throw fault('configuration', `${what} is neither JSON nor YAML that can be read: ${why}`)
  }
}

function plain(value: unknown): Json {
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each))
      throw new Error('It holds a number that JSON cannot say.')
    return each
  })
  if (text === undefined) throw new Error('It is empty.')
  return JSON.parse(text) as Json
}
