import type { Statement } from '../../database/index.ts'
import type { Definition } from '../../workflow/definition/index.ts'
import type { DefinitionReference, StartedRun, StartRequest } from '../engine.ts'
import type { Pinned } from './definitions.ts'
import { timeOrderedId } from './ids.ts'
import type { NewRun } from './new-run.ts'
import type { Records } from './records.ts'

/** A rerun, ready to start. */
export interface Plan {
  readonly definition: Pinned
  readonly spec: NewRun
}

/** What comes from outside: deploying and starting. Each answers once it is durable. */
export class Starts {
  readonly #core: Records
  /** Starts with an idempotency key that are on their way to the disk. */
  readonly #starting = new Map<string, Promise<StartedRun>>()

  constructor(core: Records) {
    this.#core = core
  }

  async deploy(
    definition: Definition,
    record?: (definition: Definition) => readonly Statement[],
  ): Promise<void> {
    const { definitions, schedules, commits, clock } = this.#core
    const { pinned, statements } = definitions.pin(definition)
    const { reference } = definition
    if (definitions.isDeployed(reference, pinned.digest)) return
    const { namespace, name, version } = reference
    const schedule = schedules.deploy(definition, pinned)
    const deployment = {
      sql: `INSERT INTO deployments (namespace, name, version, digest, deployed_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (namespace, name, version) DO UPDATE SET digest = excluded.digest, deployed_at = excluded.deployed_at`,
      parameters: [namespace, name, version, pinned.digest, clock.now()],
    }
    await commits.write({
      statements: [...statements, deployment, ...schedule.statements, ...(record?.(definition) ?? [])],
    })
    definitions.remember(pinned)
    definitions.deployed(reference, pinned.digest)
    await schedule.durable()
  }

  async undeploy(reference: DefinitionReference, record: readonly Statement[] = []): Promise<void> {
    const { definitions, schedules, commits } = this.#core
    const { namespace, name, version } = reference
    const schedule = schedules.undeploy(reference)
    const removal = {
      sql: 'DELETE FROM deployments WHERE namespace = ? AND name = ? AND version = ?',
      parameters: [namespace, name, version],
    }
    await commits.write({ statements: [removal, ...schedule.statements, ...record] })
    definitions.undeployed(reference)
    await schedule.durable()
  }

  async start(request: StartRequest): Promise<StartedRun> {
    const { definition, idempotencyKey } = request
    if (idempotencyKey === undefined) return this.#start(request)
    const { namespace, name } = 'reference' in definition ? definition.reference : definition
    const key = JSON.stringify([namespace, name, idempotencyKey])
    const starting = this.#starting.get(key)
    if (starting) return { ...(await starting), existing: true }
    const started = this.#startOnce(request, namespace, name, idempotencyKey)
    this.#starting.set(key, started)
    try {
      return await started
    } finally {
      this.#starting.delete(key)
    }
  }

  async rerun({ definition, spec }: Plan, record?: StartRequest['record']): Promise<StartedRun> {
    this.#core.pauses.assertEnabled(definition.reference)
    const id = timeOrderedId(this.#core.clock.now())
    return this.#create(definition, { ...spec, id, statements: record?.(id) ?? [] })
  }

  async #startOnce(request: StartRequest, namespace: string, name: string, key: string): Promise<StartedRun> {
    const [row] = await this.#core.database.query<{ id: string }>(
      'SELECT id FROM runs WHERE namespace = ? AND name = ? AND idempotency_key = ?',
      [namespace, name, key],
    )
    return row ? { id: row.id, existing: true } : this.#start(request)
  }

  async #start({ definition, input = {}, by, idempotencyKey, record }: StartRequest): Promise<StartedRun> {
    const { definitions, clock, pauses } = this.#core
    pauses.assertEnabled('reference' in definition ? definition.reference : definition)
    const id = timeOrderedId(clock.now())
    const recorded = record?.(id) ?? []
    const spec = { id, input, by, idempotencyKey }
    if (!('reference' in definition))
      return this.#create(await definitions.resolve(definition), { ...spec, statements: recorded })
    const { pinned, statements } = definitions.pin(definition)
    const started = await this.#create(pinned, { ...spec, statements: [...statements, ...recorded] })
    definitions.remember(pinned)
    return started
  }

  async #create(definition: Pinned, spec: NewRun): Promise<StartedRun> {
    return new Promise((resolve, reject) => {
      let id = ''
      const birth = { durable: () => resolve({ id, existing: false }), refused: reject }
      this.#core.runs.create(definition, { ...spec, ...birth }).then((row) => (id = row.id), reject)
    })
  }
}
