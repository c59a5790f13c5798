/** The business logic: one record in; a record, a list of records, or { error } out. It may be async. */
export default function handle(record: Input): Greeting | Greeting[] | { error: string } {
  if (record.names) return record.names.map(greet)
  if (record.name !== undefined) return greet(record.name)
  return { error: 'The record has no name.' }
}

interface Input {
  name?: string
  names?: string[]
}

interface Greeting {
  name: string
  message: string
}

function greet(name: string): Greeting {
  return { name, message: `Goddag, ${name}.` }
}
