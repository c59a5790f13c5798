import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluseError } from '../errors.ts'

export type SecretJson =
  string | number | boolean | null | readonly SecretJson[] | { readonly [key: string]: SecretJson }

export interface SecretSources {
  /** A JSON file: one object, a member for each secret. Comes first. */
  readonly file?: string | undefined
  /** `SLUSE_SECRET_<NAME>`: the name as it is, or in capitals with underscores. Comes second. */
  readonly environment?: { readonly [name: string]: string | undefined }
  /** A folder with a file for each secret: `name`, or `name.json`. Comes last. */
  readonly folder?: string | undefined
}

/** Gives the values of the named secrets; one that does not exist is left out. Nothing of it is kept. */
export type Secrets = (names: readonly string[]) => Promise<{ [name: string]: SecretJson }>

const mostBytes = 1_000_000

/**
 * The secrets of an operator. The folder and the environment are looked at each time, so that a secret that was
 * renewed counts at once; the file is read now.
 * @throws SluseError `SLUSE-SECRETS` where a source cannot be read; never with a value in it
 */
export async function openSecrets(sources: SecretSources): Promise<Secrets> {
  const { file, environment = {}, folder } = sources
  const given = file === undefined ? {} : await readGiven(file)
  const find = async (name: string): Promise<SecretJson | undefined> => {
    if (Object.hasOwn(given, name)) return given[name]
    const variable = variableNames(name).find((each) => environment[each] !== undefined)
    if (variable !== undefined) return valueOf(environment[variable] ?? '')
    return folder === undefined ? undefined : readFromFolder(folder, name)
  }
  return async (names) => {
    const found: { [name: string]: SecretJson } = {}
    for (const name of names) {
      const value = await find(name)
      if (value !== undefined) Object.defineProperty(found, name, { value, enumerable: true, writable: true })
    }
    return found
  }
}

/** `caseSystem.token`: `SLUSE_SECRET_caseSystem.token` as it is, and `SLUSE_SECRET_CASE_SYSTEM_TOKEN`. */
function variableNames(name: string): string[] {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_')
  return [`SLUSE_SECRET_${name}`, `SLUSE_SECRET_${words.toUpperCase()}`]
}

async function readGiven(file: string): Promise<{ [name: string]: SecretJson }> {
  const content = parseJson(await readText(file), file)
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return content as { [name: string]: SecretJson }
  }
  throw new SluseError('SLUSE-SECRETS', `${file} must hold one JSON object, a member for each secret.`)
}

async function readFromFolder(folder: string, name: string): Promise<SecretJson | undefined> {
  // A name is never a way out of the folder; those that begin with a dot are Kubernetes' own.
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) return undefined
  const plain = await readText(join(folder, name), 'optional')
  if (plain !== undefined) return valueOf(plain.replace(/\r?\n$/, ''))
  const json = join(folder, `${name}.json`)
  const content = await readText(json, 'optional')
  return content === undefined ? undefined : parseJson(content, json)
}

/** A text that is a JSON object or list is taken as that; anything else, digits too, stays the text that it is. */
function valueOf(text: string): SecretJson {
  if (!/^\s*[{[]/.test(text)) return text
  try {
    return JSON.parse(text) as SecretJson
  } catch {
    return text
  }
}

function parseJson(text: string, file: string): SecretJson {
  try {
    return JSON.parse(text) as SecretJson
  } catch {
    // The parser's own message quotes the text, which is secret.
    throw new SluseError('SLUSE-SECRETS', `${file} is not valid JSON.`)
  }
}

async function readText(file: string): Promise<string>
async function readText(file: string, missing: 'optional'): Promise<string | undefined>
async function readText(file: string, missing?: 'optional'): Promise<string | undefined> {
  try {
    const content = await readFile(file)
    if (content.byteLength > mostBytes) throw new SluseError('SLUSE-SECRETS', `${file} is larger than 1 MB.`)
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    if (error instanceof SluseError) throw error
    if (error instanceof TypeError) throw new SluseError('SLUSE-SECRETS', `${file} is not UTF-8.`)
    const { code } = error as NodeJS.ErrnoException
    if (missing && (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR')) return undefined
    throw new SluseError('SLUSE-SECRETS', `${file} cannot be read (${code}).`, { cause: error })
  }
}
