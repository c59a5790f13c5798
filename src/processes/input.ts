import { fault, isObject, type Json, type JsonObject, type WorkflowFault } from '../workflow/index.ts'
import type { ProcessResult } from './run-process.ts'

/** What every kind of process takes (dsl-reference.md, "Run"). */
export interface ProcessInput {
  readonly stdin: string
  readonly arguments: readonly string[]
  readonly environment: { readonly [name: string]: string }
  readonly returns: ReturnKind
  /** The output that `returns` asks for. */
  readonly keep: { readonly stdout: boolean; readonly stderr: boolean }
}

export const returnKinds = ['stdout', 'stderr', 'code', 'all', 'none'] as const
export type ReturnKind = (typeof returnKinds)[number]

/** Most bytes that go to standard input. */
const maxInputBytes = 100_000_000

/** Reads the members that all processes share. Throws a `validation` fault that names what does not fit. */
export function readProcess(input: JsonObject): ProcessInput {
  const { stdin, arguments: given = [], environment = {}, return: returns = 'stdout' } = input
  const text = stdin === undefined || stdin === null ? '' : asText(stdin)
  if (Buffer.byteLength(text) > maxInputBytes)
    throw fault('validation', 'There is more than 100 MB of standard input.')
  const listed = isObject(given) ? namedArguments(given) : given
  if (!Array.isArray(listed)) throw fault('validation', 'The arguments of a process are a list.')
  if (!isObject(environment)) throw fault('validation', 'The environment of a process is a map.')
  if (!returnKinds.includes(returns as ReturnKind)) {
    throw fault('configuration', `\`return\` is one of ${returnKinds.join(', ')}.`)
  }
  return {
    stdin: text,
    arguments: listed.map((value, index) => plain(asText(value), `Argument ${index + 1}`)),
    environment: readEnvironment(environment),
    returns: returns as ReturnKind,
    keep: {
      stdout: returns === 'stdout' || returns === 'all',
      stderr: returns === 'stderr' || returns === 'all',
    },
  }
}

/** As DSL 1.0.0 to 1.0.2 have them: `{ --user: anna, --verbose: }` is `--user=anna` and `--verbose`. */
const namedArguments = (given: JsonObject): string[] =>
  Object.entries(given).map(([name, value]) => (value === null ? name : `${name}=${asText(value)}`))

export function readEnvironment(environment: JsonObject): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => {
        if (!/^[^=\0]+$/.test(name)) {
          throw fault('validation', `${JSON.stringify(name)} is not a name of an environment variable.`)
        }
        return [name, plain(asText(value), `The environment variable ${name}`)]
      }),
  )
}

/** Text as it is; any other value as its JSON. */
export const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** The system ends an argument at the first NUL: what follows would be lost in silence. */
function plain(text: string, what: string): string {
  if (text.includes('\0'))
    throw fault('validation', `${what} holds a NUL character, which a process cannot be given.`)
  return text
}

/**
 * The output as `return` says. Another exit code than 0 is a `runtime` fault, except where the code is asked for:
 * with `code` and `all` it is data. Bytes stay as they are, a line's end at the end too.
 */
export function returned(
  result: ProcessResult,
  returns: ReturnKind,
  name: string,
  mask: (text: string) => string,
): Json {
  if (result.code !== 0 && returns !== 'code' && returns !== 'all') throw failed(result, name, mask)
  switch (returns) {
    case 'stdout':
      return decoded(result.stdout, 'standard output', name)
    case 'stderr':
      return decoded(result.stderr, 'standard error', name)
    case 'code':
      return result.code
    case 'all':
      return {
        code: result.code,
        stdout: decoded(result.stdout, 'standard output', name),
        stderr: decoded(result.stderr, 'standard error', name),
      }
    case 'none':
      return null
  }
}

function failed(result: ProcessResult, name: string, mask: (text: string) => string): WorkflowFault {
  const said = mask(Buffer.from(result.stderr).toString('utf8')).trim()
  const end = said.length > 1000 ? `…${said.slice(-1000)}` : said
  return fault('runtime', `${name} ended with exit code ${result.code}${end ? `: ${end}` : '.'}`, {
    exitCode: result.code,
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JSON holds text alone: bytes that are none are refused, never altered. */
function decoded(bytes: Uint8Array, what: string, name: string): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw fault('runtime', `${name} wrote bytes to ${what} that are not UTF-8; have it write them as Base64.`)
  }
}
