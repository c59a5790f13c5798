import type { SearchAttributePair } from '@temporalio/common'
import type { RunRow } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import { grpc, grpcCodeOf } from './grpc.ts'
import { statusAttribute } from './protocol.ts'

/**
 * What runs can be found by in Temporal itself: of what the run list filters on, that which is no business of a person. Keys
 * that correlate, labels and who started a run are left out: they may name somebody, and attributes are in clear.
 */
const attributes = [
  'SluseNamespace',
  'SlusePipeline',
  'SluseVersion',
  'SluseStartedBy',
  statusAttribute,
] as const

/** Until all services of Temporal know of a new attribute. */
const knownAfter = 3000

export class SearchAttributes {
  readonly #core: Pick<Cluster, 'client' | 'log'>
  #known = false

  constructor(core: Pick<Cluster, 'client' | 'log'>) {
    this.#core = core
  }

  /** Whether the namespace has them. */
  get known(): boolean {
    return this.#known
  }

  /** Registers what is missing. Where that is not allowed, runs go without. */
  async open(): Promise<void> {
    const { client, log } = this.#core
    const { namespace } = client.options
    const { operatorService } = client.connection
    try {
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
      const missing = attributes.filter((name) => !Object.hasOwn(customAttributes, name))
      if (missing.length === 0) return void (this.#known = true)
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, keyword]))
      await operatorService.addSearchAttributes({ namespace, searchAttributes })
      setTimeout(() => (this.#known = true), knownAfter).unref()
    } catch (error) {
      log(
        'warn',
        'Runs cannot be found in Temporal by their pipeline: search attributes cannot be registered.',
        {
          error: String(error),
        },
      )
    }
  }

  of({ reference: { namespace, name, version }, ...row }: RunRow): SearchAttributePair[] {
    if (!this.#known) return []
    const values = {
      SluseNamespace: namespace,
      SlusePipeline: name,
      SluseVersion: version,
      SluseStartedBy: startOf(row),
    }
    return Object.entries(values).map(([key, value]) => ({ key: { name: key, type: 'KEYWORD' }, value }))
  }

  /** Whether the error says that the namespace does not have them any more; then they are not used any more. */
  lost(error: unknown): boolean {
    if (!this.#known || grpcCodeOf(error) !== grpc.invalidArgument) return false
    this.#known = false
    return true
  }
}

function startOf({ parent, rerunOf, schedule, by }: Omit<RunRow, 'reference'>): string {
  if (parent !== undefined) return 'run'
  if (rerunOf !== undefined) return 'rerun'
  if (schedule !== undefined) return by === 'event' ? 'event' : 'schedule'
  return 'request'
}

/** `INDEXED_VALUE_TYPE_KEYWORD`. */
const keyword = 2
