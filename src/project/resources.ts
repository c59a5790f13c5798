import { LineCounter, parseAllDocuments } from 'yaml'
import { errorTable, type ErrorCode } from '../errors.ts'
import type { Finding } from '../workflow/definition/index.ts'
import { fileFinding, readProjectFile } from './files.ts'

/** A connection or a policy: that it is there and well-formed; what is in it is not looked at yet. */
export interface Resource {
  readonly kind: string
  readonly name: string
  /** Relative to the project's folder. */
  readonly file: string
}

const mostCharacters = 1_000_000

/** Reads a file of Dapr resources (`apiVersion`, `kind`, `metadata.name`), several to a file with `---`. */
export async function readResource(
  folder: string,
  file: string,
): Promise<{ resources: readonly Resource[]; findings: readonly Finding[] }> {
  const content = await readProjectFile(folder, file)
  if ('fault' in content) return { resources: [], findings: [fileFinding(file, content.fault)] }
  if (content.text.length > mostCharacters) {
    return { resources: [], findings: [fileFinding(file, 'The file is larger than 1 MB.')] }
  }
  const lines = new LineCounter()
  const documents = parseAllDocuments(content.text, { lineCounter: lines })
  const resources: Resource[] = []
  const findings: Finding[] = []
  const report = (code: ErrorCode, message: string, offset: number) => {
    const { line, col } = lines.linePos(offset)
    findings.push({ ...fileFinding(file, message, code), line: Math.max(line, 1), column: Math.max(col, 1) })
  }
  if (!Array.isArray(documents)) return { resources, findings: [fileFinding(file, 'The file is empty.')] }
  for (const document of documents) {
    const [error] = document.errors
    if (error) {
      report(
        'SLUSE-DEFINITION-SYNTAX',
        error.message.split('\n')[0] ?? errorTable['SLUSE-DEFINITION-SYNTAX'].what,
        error.pos[0],
      )
      continue
    }
    const texts = [['apiVersion'], ['kind'], ['metadata', 'name']].map((path) => document.getIn(path))
    const [apiVersion, kind, name] = texts
    if (typeof apiVersion === 'string' && typeof kind === 'string' && typeof name === 'string') {
      resources.push({ kind, name, file })
    } else {
      const message = 'A resource must have `apiVersion`, `kind` and `metadata.name`.'
      report('SLUSE-PROJECT-RESOURCE', message, document.contents?.range?.[0] ?? 0)
    }
  }
  return { resources, findings }
}
