import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fault, isObject, type Json } from '../workflow/index.ts'
import type { ConnectionDeclaration, SecretReference } from './declaration.ts'
import type { Connector } from './connector.ts'

/** Dapr's secret stores that need no other program. A component of such a type is no connection, but has secrets. */
export const secretStoreTypes: { readonly [type: string]: Pick<Connector, 'metadata'> } = {
  'secretstores.local.env': {
    metadata: {
      prefix: { about: 'Only variables that begin with it; the secret is named without it.', type: 'text' },
    },
  },
  'secretstores.local.file': {
    metadata: {
      secretsFile: {
        about: "A JSON file; a relative path is in the project's folder.",
        type: 'text',
        required: true,
      },
      nestedSeparator: { about: 'Stands between the names of nested members.', type: 'text', default: ':' },
      multiValued: { about: 'A secret is an object of several values.', type: 'boolean', default: false },
    },
  },
}

/** Gives the values of the named secrets; one that does not exist is left out. */
export type ReadSecrets = (names: readonly string[]) => Promise<{ readonly [name: string]: Json | undefined }>

export interface SecretSurroundings {
  readonly secrets: ReadSecrets
  readonly environment: { readonly [name: string]: string | undefined }
  /** Absolute. */
  readonly projectFolder: string
}

/**
 * The value that a reference stands for. Throws a `configuration` fault that names the secret, never its value.
 * `store` is the secret store component where the connection names one.
 */
export async function resolveSecret(
  reference: SecretReference,
  store: ConnectionDeclaration | undefined,
  surroundings: SecretSurroundings,
): Promise<Json> {
  const { name, key } = reference
  const read = readers[store?.type ?? 'sluse'] ?? readers.sluse
  const secret = await read(name, store, surroundings)
  const found = isObject(secret)
    ? Object.hasOwn(secret, key ?? name)
      ? secret[key ?? name]
      : undefined
    : secret
  if (found !== undefined && found !== null && !isObject(found)) return found
  const where = store ? `the secret store ${store.name}` : 'the secrets'
  const part = isObject(secret) ? ` with the key ${JSON.stringify(key ?? name)}` : ''
  throw fault('configuration', `There is no secret ${JSON.stringify(name)}${part} in ${where}.`)
}

type Reader = (
  name: string,
  store: ConnectionDeclaration | undefined,
  surroundings: SecretSurroundings,
) => Promise<Json | undefined>

const readers: { readonly [type: string]: Reader } & { readonly sluse: Reader } = {
  sluse: async (name, _store, { secrets }) => (await secrets([name]))[name],
  'secretstores.local.env': async (name, store, { environment }) =>
    environment[`${textOf(store, 'prefix') ?? ''}${name}`],
  'secretstores.local.file': async (name, store, { projectFolder }) => {
    const file = textOf(store, 'secretsFile') ?? ''
    const content = await readJson(resolve(projectFolder, file), file)
    const separator = textOf(store, 'nestedSeparator') ?? ':'
    const multiValued = textOf(store, 'multiValued') === 'true'
    if (Object.hasOwn(content, name)) {
      const value = content[name]
      return isObject(value) && !multiValued ? undefined : value
    }
    return multiValued ? undefined : flattened(content, name.split(separator))
  },
}

function textOf(store: ConnectionDeclaration | undefined, key: string): string | undefined {
  const declared = store?.metadata[key]
  return declared && 'value' in declared ? String(declared.value) : undefined
}

async function readJson(path: string, shown: string): Promise<{ [name: string]: Json }> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // The error of a parser repeats what it read.
    const why = (error as NodeJS.ErrnoException).code ?? 'it is not valid JSON'
    throw fault('configuration', `The file of secrets ${shown} cannot be read (${why}).`)
  }
  if (isObject(content)) return content
  throw fault('configuration', `The file of secrets ${shown} is not an object.`)
}

function flattened(content: Json | undefined, [step, ...steps]: readonly string[]): Json | undefined {
  if (step === undefined) return isObject(content) ? undefined : content
  return isObject(content) && Object.hasOwn(content, step) ? flattened(content[step], steps) : undefined
}
