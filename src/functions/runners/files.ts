import { join, relative, resolve } from 'node:path'
import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import type { Contract } from '../contract.ts'

export function scriptOf({ run }: JsonObject): JsonObject | undefined {
  return isObject(run) && isObject(run['script']) ? run['script'] : undefined
}

/** The file of a script (absolute). It lies in the function's folder: throws a `configuration` fault where not. */
export function fileOf({ name, definition, home }: Contract): string {
  const script = scriptOf(definition) ?? {}
  const refuse = (why: string) => fault('configuration', `The function ${name} ${why}`)
  if (script['stdin'] !== undefined) throw refuse('has `stdin`, but its input is the records.')
  const { source } = script
  const endpoint = isObject(source) ? source['endpoint'] : undefined
  const uri = isObject(endpoint) ? endpoint['uri'] : endpoint
  if (typeof uri !== 'string')
    throw refuse('has no `script.source`: a function that goes on is a file beside its function.yaml.')
  if (home === undefined) throw refuse('is a script, and its files are not on this machine.')
  const path = resolve(join(home, uri.replace(/^file:/, '')))
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri.replace(/^file:/, '')) || relative(home, path).startsWith('..')) {
    throw refuse(`has the source ${JSON.stringify(uri)}, which is not a file in its folder.`)
  }
  return path
}

/** What is left of a function's memory within Node.js, which takes some of it itself. */
export const megabytesWithin = ({ memoryBytes }: Contract): string =>
  String(Math.max(16, Math.floor(memoryBytes / 2 ** 20) - 64))
