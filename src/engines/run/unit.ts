import type { SqlValue, Statement } from '../../database/index.ts'

/** What must become durable together. Units are written in the order in which they are added. */
export interface Unit {
  /** Rows of `runs`, as `runColumns` has them. */
  readonly newRuns?: readonly (readonly SqlValue[])[]
  /** Rows of `inbox`: the columns after `seq`. */
  readonly events?: readonly (readonly SqlValue[])[]
  /** A row of the journal. */
  readonly feed?: { readonly run: number; readonly data: string }
  /** More of them. */
  readonly feeds?: readonly { readonly run: number; readonly data: string }[]
  readonly statements?: readonly Statement[]
  /** The schedule whose place among the events this moves on. */
  readonly schedule?: number | undefined
  /** Called once it is durable, before the next unit's. */
  durable?(): void
  /**
   * Where somebody waits who can be told: the unit is given up where it cannot be written. A unit without this is
   * tried until it can: what a run did is never lost while its process lives.
   */
  refused?(error: unknown): void
  /** Where another process may do instead what this stands for: it is given up with `SLUSE-STORE-CHANGED`. */
  overtaken?(): void
}
