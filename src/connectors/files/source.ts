import picomatch from 'picomatch'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ReadRequest, Source, SourceBatch } from '../connector.ts'
import { documentOptions, readDocument, readProperties, type DocumentOptions } from '../formats/index.ts'
import { readLines, type LineBatch } from './lines.ts'
import { versionOf, type ReadableStore, type StoredFile } from './store.ts'

/** JSON Schema of what `from` has beside `connection`, for every connector of files. */
export const fileSourceOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      type: 'string',
      minLength: 1,
      description:
        'The file, or a glob: `inbox/*.csv`, `**/*.xml`. Several files are read in the order of their paths.',
    },
    read: {
      enum: ['all', 'new'],
      default: 'all',
      description: '`new`: only files that changed since the last complete read.',
    },
    minAgeSeconds: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Leave out files that changed within so many seconds: they may still be written.',
    },
    done: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      description: 'What becomes of a file once all its records are durable. Default: it stays as it is.',
      properties: {
        move: { type: 'string', minLength: 1, description: 'A folder that it is moved to.' },
        mark: {
          type: 'string',
          pattern: '^\\.[A-Za-z0-9._-]+$',
          description: 'An ending that its name gets: `.done`.',
        },
        delete: { const: true },
      },
    },
    ...readProperties,
  },
}

/** More files than this are no batch, but a folder that nobody tidies. */
const mostFiles = 1000

/** By which a read goes on: the files that are read whole, and where it is in the next. */
interface Place {
  readonly files: readonly (readonly [path: string, version: string])[]
  readonly current?: {
    readonly path: string
    readonly version: string
    readonly done: number
    readonly line?: number
  }
  /** The newest file so far: for `read: new`. */
  readonly newest: number
  readonly atNewest: readonly string[]
}

const nowhere: Place = { files: [], newest: 0, atNewest: [] }

/** Reads documents from a store of files. `dataFolder` is for temporary files. */
export function fileSource(
  store: ReadableStore,
  options: JsonObject,
  host: { readonly dataFolder: string; now(): number },
): Source {
  return {
    async *read(request) {
      let place = placeOf(request.position)
      const read = new Set(place.files.map(([path]) => path))
      const files = (await chosenFiles(store, options, host.now(), request)).filter(
        ({ path }) => !read.has(path),
      )
      const total = files.reduce((sum, { size }) => sum + size, 0)
      let before = 0
      for (const file of files) {
        const start = place.current?.path === file.path ? place.current : undefined
        if (start && start.version !== versionOf(file)) {
          throw fault(
            'validation',
            `${file.path} has changed while it was being read: read it again from its start.`,
          )
        }
        const after = finished(place, file)
        let last: SourceBatch | undefined
        for await (const { batch, bytes, ...current } of batchesOf(
          store,
          file,
          options,
          start,
          request,
          host,
        )) {
          if (last) yield last
          place = { ...place, current: { path: file.path, version: versionOf(file), ...current } }
          const progress = { done: before + Math.min(bytes, file.size), total, unit: 'bytes' as const }
          last = { ...batch, position: place as unknown as Json, progress }
        }
        place = after
        before += file.size
        // The last batch of a file says that it is finished; one without records says so by itself.
        if (last) yield { ...last, position: place as unknown as Json }
        else yield { records: [], origin: () => file.path, bad: [], position: place as unknown as Json }
      }
    },
    async confirm(position, signal) {
      const { done } = options
      if (!isObject(done)) return
      for (const [path, version] of placeOf(position).files) {
        const there = await store.stat(path, signal).catch((error: unknown) => {
          if ((error as { problem?: { cause?: unknown } }).problem?.cause === 'ENOENT') return undefined
          throw error
        })
        // Gone: it was confirmed before. Another by now: that one has not been read.
        if (!there || versionOf(there) !== version) continue
        if (done.delete === true) await store.remove(path, signal)
        else await store.rename(path, donePath(path, done), signal)
      }
    },
  }
}

const placeOf = (position: Json): Place =>
  isObject(position) ? { ...nowhere, ...(position as unknown as Place) } : nowhere

function finished(place: Place, file: StoredFile): Place {
  const newest = Math.max(place.newest, file.modified)
  const atNewest = newest === place.newest ? place.atNewest : []
  return {
    files: [...place.files, [file.path, versionOf(file)]],
    newest,
    atNewest: file.modified === newest ? [...atNewest, file.path] : atNewest,
  }
}

function donePath(path: string, done: JsonObject): string {
  if (typeof done.mark === 'string') return path + done.mark
  return `${String(done.move).replace(/\/+$/, '')}/${path.slice(path.lastIndexOf('/') + 1)}`
}

async function chosenFiles(
  store: ReadableStore,
  options: JsonObject,
  now: number,
  { since, signal }: ReadRequest,
): Promise<StoredFile[]> {
  const path = String(options.path)
  const { base, isGlob, glob } = picomatch.scan(path)
  const found = isGlob
    ? (await store.list(base, glob.includes('/') || glob.includes('**'), signal)).filter(
        picomatchOf(path, options),
      )
    : [await store.stat(path, signal)]
  const settledBefore = now - Number(options.minAgeSeconds ?? 0) * 1000
  const known = placeOf(options.read === 'new' ? since : null)
  const chosen = found.filter(
    (file) =>
      file.modified <= settledBefore + (Number(options.minAgeSeconds ?? 0) === 0 ? Infinity : 0) &&
      (file.modified > known.newest ||
        (file.modified === known.newest && !known.atNewest.includes(file.path))),
  )
  if (chosen.length > mostFiles) {
    throw fault(
      'configuration',
      `${path} means ${chosen.length} files, more than the ${mostFiles} that one read takes: narrow it, or move files when they are done.`,
    )
  }
  return chosen.sort((one, other) => (one.path < other.path ? -1 : 1))
}

function picomatchOf(path: string, options: JsonObject): (file: StoredFile) => boolean {
  const matches = picomatch(path)
  const done = isObject(options.done) ? options.done : {}
  return ({ path: found }) =>
    matches(found) &&
    !(typeof done.mark === 'string' && found.endsWith(done.mark)) &&
    !(typeof done.move === 'string' && found.startsWith(`${done.move.replace(/\/+$/, '')}/`))
}

interface FileBatch {
  readonly batch: LineBatch['batch']
  /** Of the file, so far. */
  readonly bytes: number
  /** Records, or bytes where it is read as lines. */
  readonly done: number
  readonly line?: number
}

async function* batchesOf(
  store: ReadableStore,
  file: StoredFile,
  options: JsonObject,
  start: Place['current'],
  { batchSize, signal }: ReadRequest,
  { dataFolder }: { readonly dataFolder: string },
): AsyncGenerator<FileBatch> {
  const how = documentOptions(options, file.path)
  const local = await store.localPath?.(file.path)
  if (local !== undefined && isPlainLines(how)) {
    const from = { offset: start?.done ?? 0, line: start?.line ?? 0 }
    for await (const { batch, offset, line } of readLines(local, file.path, from, batchSize, signal)) {
      yield { batch, bytes: offset, done: offset, line }
    }
    return
  }
  const document = {
    name: file.path,
    bytes: () => store.read(file.path, 0, signal),
    ...(local !== undefined && { file: local }),
  }
  const request = { batchSize, skip: start?.done ?? 0, signal, dataFolder }
  for await (const { bytes, done, ...batch } of readDocument(document, how, request))
    yield { batch, bytes, done }
}

/** Then they are cut and never parsed here. */
const isPlainLines = (how: DocumentOptions): boolean =>
  how.compression === 'none' && how.format.name === 'ndjson' && (how.encoding ?? 'utf-8') === 'utf-8'
