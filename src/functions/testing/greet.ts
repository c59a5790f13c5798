/** What the templates do, for services that are tested in this process. */
import { isObject, type Json } from '../../workflow/index.ts'

export function greet(record: Json): Json {
  const { name, names } = isObject(record) ? record : {}
  if (Array.isArray(names)) return names.map((each) => greeting(String(each)))
  return typeof name === 'string' ? greeting(name) : { error: 'The record has no name.' }
}

const greeting = (name: string): Json => ({ name, message: `Goddag, ${name}.` })

/** The input schema of the templates. */
export const greetInput = 'input: { schema: { document: { properties: { name: { type: string } } } } }\n'
