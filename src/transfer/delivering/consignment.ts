import type { Target } from '../../connectors/index.ts'
import { fault } from '../../workflow/index.ts'
import type { Means } from '../carry-out.ts'
import type { Staged } from '../dataset/staged.ts'
import type { PersonalData } from '../personal.ts'
import type { Plan, PlannedTarget } from '../plan.ts'
import type { DatasetRow, TransferRow } from '../store/rows.ts'

/** What is delivered to which target, and how: the same whoever delivers how much of it. */
export interface Consignment {
  readonly transfer: string
  readonly dataset: string
  /** Its number among the targets, and what the plan says of it. */
  readonly index: number
  readonly planned: PlannedTarget
  readonly plan: Pick<Plan, 'onBadRecord' | 'mostBadRecords' | 'concurrency' | 'order'>
  /** Of the dataset. */
  readonly personal: PersonalData | undefined
  readonly staged: Staged
  readonly now: () => number
}

/** What a transfer delivers to the target of this number. */
export function consignmentOf(
  { row, dataset, staged }: { row: TransferRow; dataset: DatasetRow; staged: Staged },
  index: number,
  { now }: Pick<Means, 'now'>,
): Consignment {
  const { id, plan } = row
  const planned = plan.to[index]
  if (!planned) throw fault('runtime', `The transfer has no target ${index}.`)
  const { personal } = dataset
  return { transfer: id, dataset: dataset.id, index, planned, plan, personal, staged, now }
}

export async function openTarget(
  { connection: name, options }: PlannedTarget,
  { connections }: Pick<Means, 'connections'>,
): Promise<{ target: Target; close: () => Promise<void> }> {
  const connection = await connections.open(name)
  const target = connection.target?.(options)
  if (target) return { target, close: () => connection.close() }
  await connection.close()
  throw fault('configuration', `Nothing can be written to the connection ${name}.`)
}
