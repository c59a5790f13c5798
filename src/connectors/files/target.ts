import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import type { Target, TargetMode } from '../connector.ts'
import { isResumable, plainOptions, writeProperties } from '../formats/index.ts'
import { appendTo } from './append.ts'
import { createEncoder } from './encoder.ts'
import { replaceFile } from './replace.ts'
import type { FileStore } from './store.ts'

/** JSON Schema of what a target of `to` has beside `connection`, `mode` and `key`, for every connector of files. */
export const fileTargetOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      type: 'string',
      minLength: 1,
      description:
        'The file. `{date}` stands for the day on which the delivery began (UTC), `{time}` for its time as `HHmmss`, ' +
        '`{id}` for what tells deliveries apart: with one of them each delivery is a file of its own.',
    },
    ...writeProperties,
  },
}

export const fileTargetModes: readonly TargetMode[] = ['append', 'replace']

export function fileTarget(store: FileStore, options: JsonObject, host: { now(): number }): Target {
  return {
    async begin(request) {
      // A delivery that goes on writes to where it began, also past midnight.
      const began = isObject(request.state) ? request.state.path : undefined
      const path =
        typeof began === 'string' ? began : pathOf(String(options.path), request.deliveryId, host.now())
      const how = plainOptions(options, path)
      const own = /\{(date|time|id)\}/.test(String(options.path))
      if (request.mode === 'replace' || (own && !isResumable(how))) {
        return replaceFile(store, path, how, request)
      }
      return appendTo(store, path, how, request, (state, appending) => createEncoder(how, state, appending))
    },
  }
}

export function pathOf(path: string, deliveryId: string, now: number): string {
  const [date = '', time = ''] = new Date(now).toISOString().slice(0, 19).split('T')
  const values: { readonly [name: string]: string } = {
    date,
    time: time.replaceAll(':', ''),
    id: deliveryId.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 100),
  }
  return path.replace(/\{([a-z]+)\}/g, (_all, name: string) => {
    const value = values[name]
    if (value !== undefined) return value
    throw fault(
      'configuration',
      `The path has {${name}}, which stands for nothing: use {date}, {time} or {id}.`,
    )
  })
}
