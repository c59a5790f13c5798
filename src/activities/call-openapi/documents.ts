import { createHash } from 'node:crypto'
import { fault, isObject, type Json, problemOf } from '../../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { type Endpoint, shown } from '../input.ts'
import { parseDocument, readResource } from '../resources.ts'

/** A document that was read: what its references are relative to, and what they may lead to. */
export interface OpenDocument {
  readonly uri: string
  readonly root: Json
  /** Opens another that this one names, relative to it. */
  open(reference: string): Promise<OpenDocument>
}

/** How long a document is used unasked; then it is asked for again by its `ETag`. */
const freshMs = 60_000
const mostKept = 100
/** Documents that one description may be spread over. */
const mostLinked = 50

interface Kept {
  root: Json
  etag: string | undefined
  checkedAt: number
}

/** Reads descriptions of APIs, and keeps them by address (and by who asks, where that takes credentials). */
export function createDocuments(options: ActivityOptions, now: () => number = Date.now) {
  const kept = new Map<string, Kept>()

  const load = async (endpoint: Endpoint, context: ActivityContext): Promise<Json> => {
    const key = keyOf(endpoint, context)
    const before = kept.get(key)
    if (before && now() - before.checkedAt < freshMs) return before.root
    const found = await readResource(endpoint, context, options, { unless: before?.etag }).catch(
      (error: unknown) => {
        if (!before || context.signal.aborted || (problemOf(error)?.status ?? 0) < 500) throw error
        // The service that describes itself cannot be reached just now; what it said last still holds.
        options.log?.('warn', 'An API description could not be read again; the one read before is used.')
        return undefined
      },
    )
    const root = found ? parseDocument(found.content, 'The API description') : (before?.root ?? null)
    kept.delete(key)
    kept.set(key, { root, etag: found ? found.etag : before?.etag, checkedAt: now() })
    if (kept.size > mostKept) kept.delete(kept.keys().next().value as string)
    return root
  }

  return async (endpoint: Endpoint, context: ActivityContext): Promise<OpenDocument> => {
    const opened = new Map<string, Promise<OpenDocument>>()
    const open = (uri: string): Promise<OpenDocument> => {
      const known = opened.get(uri)
      if (known) return known
      if (opened.size >= mostLinked) {
        throw fault('configuration', `The API description is spread over more than ${mostLinked} documents.`)
      }
      const authenticated = endpoint.authentication !== undefined && sameOrigin(uri, endpoint.uri)
      const opening = load(authenticated ? { ...endpoint, uri } : { uri }, context).then(
        (root): OpenDocument => ({ uri, root, open: (reference) => open(absolute(reference, uri)) }),
      )
      opened.set(uri, opening)
      return opening
    }
    return open(endpoint.uri)
  }
}

function keyOf({ uri, authentication }: Endpoint, { secrets }: ActivityContext): string {
  if (authentication === undefined) return uri
  const uses = isObject(authentication)
    ? Object.values(authentication).map((scheme) =>
        isObject(scheme) ? (secrets[shown(scheme['use'])] ?? null) : null,
      )
    : []
  return createHash('sha256')
    .update(JSON.stringify([uri, authentication, uses]))
    .digest('hex')
}

const isWeb = (uri: string) => /^https?:/i.test(uri)

const sameOrigin = (one: string, other: string) =>
  isWeb(one) && isWeb(other) && new URL(one).origin === new URL(other).origin

function absolute(reference: string, base: string): string {
  if (isWeb(base)) {
    const url = new URL(reference, base)
    // A description from the web must not reach for files of this machine.
    if (isWeb(url.href)) return url.href
    throw fault('configuration', `The API description refers to ${url.protocol} which is not followed.`)
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference) || reference.startsWith('/')) return reference
  return base.replace(/[^/]*$/, '') + reference
}
