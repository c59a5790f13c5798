import { createHash } from 'node:crypto'
import type { Database, Statement } from '../../database/index.ts'
import { SluseError } from '../../errors.ts'
import type { Definition, Workflow } from '../../workflow/definition/index.ts'
import type { DefinitionReference } from '../engine.ts'
import { highest } from './versions.ts'

/** A definition that runs can be pinned to. */
export interface Pinned {
  /** SHA-256 of the text. */
  readonly digest: string
  readonly reference: DefinitionReference
  readonly workflow: Workflow
}

const mostInMemory = 500

/**
 * The definitions: each text is kept once, as it was checked, for as long as a run is pinned to it. A later version
 * of the loader has no say in what an old run means.
 */
export class Definitions {
  readonly #database: Database
  readonly #digests = new WeakMap<Definition, string>()
  readonly #pinned = new Map<string, Pinned>()
  /** What is deployed, by `namespace/name`. Few, so they are all in memory. */
  readonly #deployed = new Map<string, { readonly version: string; readonly digest: string }[]>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Reads what is deployed; again, where other processes deploy as well. */
  async open(): Promise<void> {
    const rows = await this.#database.query<{
      namespace: string
      name: string
      version: string
      digest: string
    }>('SELECT namespace, name, version, digest FROM deployments')
    this.#deployed.clear()
    for (const { digest, ...reference } of rows) this.deployed(reference, digest)
  }

  /** A definition given here, and what to write so that it is known for good. */
  pin(definition: Definition): { pinned: Pinned; statements: Statement[] } {
    const { workflow, text, file, reference } = definition
    const digest = this.#digest(definition)
    const known = this.#pinned.get(digest)
    if (known) return { pinned: known, statements: [] }
    const pinned = { digest, reference, workflow }
    const sql =
      'INSERT INTO definitions (digest, namespace, name, version, file, text, workflow) VALUES (?, ?, ?, ?, ?, ?, ?) ' +
      'ON CONFLICT DO NOTHING'
    const { namespace, name, version } = reference
    const parameters = [digest, namespace, name, version, file ?? null, text, JSON.stringify(workflow)]
    return { pinned, statements: [{ sql, parameters }] }
  }

  /** What `pin` gave is written. */
  remember(pinned: Pinned): void {
    if (this.#pinned.size >= mostInMemory) this.#pinned.delete(this.#pinned.keys().next().value ?? '')
    this.#pinned.set(pinned.digest, pinned)
  }

  deployed(reference: DefinitionReference, digest: string): void {
    const others = this.#others(reference)
    this.#deployed.set(keyOf(reference), [...others, { version: reference.version, digest }])
  }

  undeployed(reference: DefinitionReference): void {
    this.#deployed.set(keyOf(reference), this.#others(reference))
  }

  isDeployed(reference: DefinitionReference, digest: string): boolean {
    const found = this.#deployed.get(keyOf(reference)) ?? []
    return found.some((one) => one.version === reference.version && one.digest === digest)
  }

  /** The deployed definition; `latest` is the highest version. Throws `SLUSE-DEFINITION-NOT-FOUND`. */
  async resolve(reference: DefinitionReference): Promise<Pinned> {
    const versions = this.#deployed.get(keyOf(reference)) ?? []
    const found =
      reference.version === 'latest'
        ? highest(versions)
        : versions.find(({ version }) => version === reference.version)
    if (!found) {
      throw new SluseError(
        'SLUSE-DEFINITION-NOT-FOUND',
        `(${keyOf(reference)}, version ${reference.version})`,
      )
    }
    return this.get(found.digest)
  }

  async get(digest: string): Promise<Pinned> {
    const known = this.#pinned.get(digest)
    if (known) return known
    const [row] = await this.#database.query<{
      namespace: string
      name: string
      version: string
      workflow: string
    }>('SELECT namespace, name, version, workflow FROM definitions WHERE digest = ?', [digest])
    if (!row) throw new SluseError('SLUSE-DEFINITION-NOT-FOUND', `(${digest})`)
    const { workflow, ...reference } = row
    const pinned = { digest, reference, workflow: JSON.parse(workflow) as Workflow }
    this.remember(pinned)
    return pinned
  }

  #digest(definition: Definition): string {
    const known = this.#digests.get(definition)
    if (known !== undefined) return known
    const digest = createHash('sha256').update(definition.text).digest('hex')
    this.#digests.set(definition, digest)
    return digest
  }

  #others({ version, ...rest }: DefinitionReference) {
    return (this.#deployed.get(keyOf(rest)) ?? []).filter((one) => one.version !== version)
  }
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`
}
