import { compile, JqError, type Program } from '../jq/index.ts'
import { fault, isObject, type Json } from '../workflow/index.ts'

/** Data of a function.yaml with its expressions evaluated: they see `$secrets` and no run. */
export function fill(data: Json, secrets: { readonly [name: string]: Json }, name: string): Json {
  if (typeof data === 'string') {
    const text = expressionIn(data)
    return text === undefined ? data : evaluate(text, secrets, name)
  }
  if (Array.isArray(data)) return data.map((item) => fill(item, secrets, name))
  if (!isObject(data)) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fill(value, secrets, name)]))
}

/** The jq within `${ … }`, where the text is that as a whole. */
export const expressionIn = (text: string): string | undefined => /^\s*\$\{([\s\S]+)\}\s*$/.exec(text)?.[1]

/** Whether it stands for the record as it is. */
export const isTheRecord = (data: Json | undefined): boolean =>
  data === undefined || (typeof data === 'string' && expressionIn(data)?.trim() === '.')

const programs = new Map<string, Program>()

function evaluate(text: string, secrets: { readonly [name: string]: Json }, name: string): Json {
  try {
    let program = programs.get(text)
    if (!program) programs.set(text, (program = compile(text, { variables: ['secrets'] })))
    for (const value of program(null, { secrets: { ...secrets } })) return value
    return null
  } catch (error) {
    if (!(error instanceof JqError)) throw error
    throw fault('expression', `An expression of the function ${name} cannot be evaluated: ${error.message}`)
  }
}
