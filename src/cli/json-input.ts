import { readFile } from 'node:fs/promises'
import { SluseError } from '../errors.ts'
import type { Json } from '../workflow/index.ts'

const mostBytes = 100_000_000

/** JSON as an option gives it: the text itself, `@file`, or `-` for standard input. Throws `SLUSE-USAGE`. */
export async function readJsonOption(option: string, value: string): Promise<Json> {
  const text =
    value === '-' ? await readStandardInput() : value.startsWith('@') ? await readText(value.slice(1)) : value
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    const from = value === '-' ? 'Standard input' : value.startsWith('@') ? value.slice(1) : option
    throw new SluseError('SLUSE-USAGE', `${from} is not valid JSON: ${(error as Error).message}.`)
  }
}

/** A file that a command line names. Throws `SLUSE-USAGE`. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new SluseError('SLUSE-USAGE', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}

export async function readStandardInput(): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > mostBytes) throw new SluseError('SLUSE-USAGE', 'Standard input is larger than 100 MB.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
