import type * as ActivityLibrary from '@temporalio/activity'
import type * as ClientLibrary from '@temporalio/client'
import type * as CommonLibrary from '@temporalio/common'
import type * as WorkerLibrary from '@temporalio/worker'
import { SluseError } from '../../errors.ts'

/** Temporal's libraries: large, and only there where somebody wants this engine. */
export interface Libraries {
  readonly activity: typeof ActivityLibrary
  readonly client: typeof ClientLibrary
  readonly common: typeof CommonLibrary
  readonly worker: typeof WorkerLibrary
}

/** Throws `SLUSE-TEMPORAL-LIBRARY`. */
export async function libraries(): Promise<Libraries> {
  try {
    const [activity, client, common, worker] = await Promise.all([
      import('@temporalio/activity'),
      import('@temporalio/client'),
      import('@temporalio/common'),
      import('@temporalio/worker'),
    ])
    return { activity, client, common, worker }
  } catch (error) {
    throw new SluseError('SLUSE-TEMPORAL-LIBRARY', error instanceof Error ? error.message : String(error))
  }
}
