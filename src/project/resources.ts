import { createHash } from 'node:crypto'
import { isNode, LineCounter, parseAllDocuments, type Document } from 'yaml'
import {
  connectorOf,
  connectors,
  hasSidecar,
  readConnection,
  type ConnectionDeclaration,
} from '../connectors/index.ts'
import { errorTable, type ErrorCode } from '../errors.ts'
import {
  readAnnotations,
  readResiliency,
  type ConnectionTarget,
  type ResiliencyPolicies,
} from '../resilience/index.ts'
import type { Finding } from '../workflow/definition/index.ts'
import { fileFinding, readProjectFile } from './files.ts'

/** A connection or a policy, read whole. */
export interface Resource {
  readonly kind: string
  readonly name: string
  /** Relative to the project's folder. */
  readonly file: string
  /** SHA-256 of the file's text. */
  readonly sha256: string
  /** Of a `Resiliency` resource. */
  readonly resiliency?: ResiliencyPolicies
  /** Of a `Component` or an `HTTPEndpoint` that has no error. */
  readonly connection?: ConnectionDeclaration
  /** Of the same: the system that it leads to, and the limits that its annotations declare. */
  readonly target?: ConnectionTarget
}

interface Complaint {
  readonly severity?: Finding['severity']
  readonly pointer: string
  readonly message: string
  readonly todo: string
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
  const sha256 = createHash('sha256').update(content.text).digest('hex')
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
      const add = ({ severity = 'error', pointer, message, todo }: Complaint, code: ErrorCode) => {
        const { line, col } = lines.linePos(offsetOf(document, pointer))
        const finding = fileFinding(file, message, code, severity)
        findings.push({ ...finding, todo, pointer, line: Math.max(line, 1), column: Math.max(col, 1) })
      }
      if (kind === 'Resiliency') {
        const { policies, complaints } = readResiliency(plain(document))
        for (const complaint of complaints) add(complaint, 'SLUSE-PROJECT-POLICY')
        resources.push({ kind, name, file, sha256, resiliency: policies })
      } else if (kind === 'Component' || kind === 'HTTPEndpoint') {
        const types = connectors.map(({ type }) => type)
        const { declaration, complaints } = readConnection(
          plain(document),
          connectorOf,
          types,
          hasSidecar(process.env),
        )
        for (const complaint of complaints) add(complaint, 'SLUSE-PROJECT-CONNECTION')
        const { target, wrong } = readTarget(kind, name, document)
        for (const complaint of wrong) add(complaint, 'SLUSE-PROJECT-ANNOTATION')
        resources.push({ kind, name, file, sha256, target, ...(declaration && { connection: declaration }) })
      } else resources.push({ kind, name, file, sha256 })
    } else {
      const message = 'A resource must have `apiVersion`, `kind` and `metadata.name`.'
      report('SLUSE-PROJECT-RESOURCE', message, document.contents?.range?.[0] ?? 0)
    }
  }
  return { resources, findings }
}

function readTarget(
  kind: 'Component' | 'HTTPEndpoint',
  name: string,
  document: Document,
): { target: ConnectionTarget; wrong: readonly Complaint[] } {
  const { metadata, spec } = (plain(document) ?? {}) as { metadata?: unknown; spec?: unknown }
  const { annotations } = (metadata ?? {}) as { annotations?: unknown }
  const { baseUrl, type } = (spec ?? {}) as { baseUrl?: unknown; type?: unknown }
  const block = blocks[String(type).split('.')[0] ?? '']
  const { settings, complaints } = readAnnotations(annotations)
  const { todo } = errorTable['SLUSE-PROJECT-ANNOTATION']
  return {
    target: {
      target:
        kind === 'HTTPEndpoint'
          ? { kind: 'app', name }
          : { kind: 'component', name, direction: 'outbound', ...(block !== undefined && { block }) },
      ...(kind === 'HTTPEndpoint' && typeof baseUrl === 'string' && { baseUrl }),
      settings,
    },
    wrong: complaints.map(({ name: annotation, message }) => ({
      pointer: `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      message: `${annotation}: ${message}`,
      todo,
    })),
  }
}

/** What the building blocks of component types are called in the names of default policies. */
const blocks: { readonly [prefix: string]: string | undefined } = {
  bindings: 'binding',
  pubsub: 'pubsub',
  state: 'statestore',
}

/** Where the value at a JSON pointer begins; of what is missing, where its nearest parent does. */
function offsetOf(document: Document, pointer: string): number {
  const path = pointer.split('/').slice(1)
  for (; path.length > 0; path.pop()) {
    const names = path.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    const node = document.getIn(names, true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

/** Aliases that unfold without bound make no value: the complaint is then that everything is missing. */
function plain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    return undefined
  }
}
