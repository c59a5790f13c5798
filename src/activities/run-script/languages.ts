import { fault, type JsonObject } from '../../workflow/index.ts'
import type { ActivityOptions } from '../activity.ts'
import { javascript } from './javascript.ts'
import { python } from './python.ts'

export interface Language {
  /** For people. */
  readonly title: string
  /** What the script's file is called. */
  readonly file: string
  /** Makes values variables of the script: a file to write, and what stands before the script's own. */
  variables(values: JsonObject): Variables
  /** What it says on standard error where its memory was not enough. */
  readonly outOfMemory: RegExp
  /** What runs this code. Throws a `configuration` fault where it is not there. */
  interpreter(code: string, options: ActivityOptions): Promise<Interpreter>
}

export interface Variables {
  readonly file: string
  readonly content: string
  arguments(path: string): readonly string[]
}

export interface Interpreter {
  /** Absolute path. */
  readonly command: string
  /** What stands before the script's file. */
  readonly arguments: readonly string[]
  readonly environment: { readonly [name: string]: string }
  /** Puts what the script may import beside it. */
  readonly beside?: (folder: string) => Promise<void>
}

const languages: { readonly [name: string]: Language } = { js: javascript, javascript, python }

/** By the name in the specification's table, and `javascript` as its examples have it. */
export function languageOf(name: string): Language {
  const language = Object.hasOwn(languages, name) ? languages[name] : undefined
  if (language) return language
  throw fault(
    'configuration',
    `There is no script language ${JSON.stringify(name)}: use js or python, or run a container for any other.`,
  )
}
