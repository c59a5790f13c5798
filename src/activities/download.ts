import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { HttpResponse } from '../http/index.ts'
import { fault, isObject, type Json } from '../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from './activity.ts'
import { mediaTypeOf } from './content.ts'

export interface Download {
  /** Absolute. The same for every attempt, so that an attempt again replaces the one before. */
  readonly path: string
  prepare(): Promise<unknown>
  /** `{ file, bytes, mediaType }`: what stands for the body in the call's output. */
  result(answer: HttpResponse): Json
}

/**
 * Where `metadata: { saveTo: file }` on the task asks for it, the body goes to a file below the data folder, as a
 * stream and without the bound for memory: `files/<run>/<hash of the effect>`. The DSL has no word for this;
 * `metadata` is its place for what a runtime adds.
 */
export function savedFile(
  metadata: Json | undefined,
  { dataFolder }: Pick<ActivityOptions, 'dataFolder'>,
  { runId, idempotencyKey }: Pick<ActivityContext, 'runId' | 'idempotencyKey'>,
): Download | undefined {
  const saveTo = isObject(metadata) ? metadata['saveTo'] : undefined
  if (saveTo === undefined || saveTo === null) return undefined
  if (saveTo !== 'file')
    throw fault('configuration', `metadata.saveTo is ${JSON.stringify(saveTo)}, not 'file'.`)
  const folder = /^[A-Za-z0-9_-]{1,100}$/.test(runId) ? runId : hash(runId)
  const path = join(dataFolder, 'files', folder, hash(idempotencyKey))
  return {
    path,
    prepare: () => mkdir(dirname(path), { recursive: true, mode: 0o700 }),
    result: (answer) => ({
      file: path,
      bytes: answer.bytes,
      mediaType: mediaTypeOf(answer.headers['content-type']).type || 'application/octet-stream',
    }),
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)
