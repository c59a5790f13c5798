import type { Statement } from '../../database/index.ts'
import type { Records } from '../records/records.ts'
import type { Unit } from '../run/unit.ts'

/**
 * The records as one process has them that holds a lease: each of its transactions has the lease's fence in it, and
 * `overtaken` is called instead of trying again where another process holds the lease by now.
 */
export function fenced(core: Records, fence: Statement, overtaken: () => void): Records {
  const { commits, runs } = core
  const guarded = (unit: Unit): Unit => ({ ...unit, statements: [fence, ...(unit.statements ?? [])] })
  return {
    ...core,
    commits: {
      get nextEvent() {
        return commits.nextEvent
      },
      add: (unit) => commits.add({ ...guarded(unit), overtaken }),
      write: (unit) => commits.write(guarded(unit)),
    },
    runs: {
      create: (definition, spec) =>
        runs.create(definition, { ...spec, statements: [fence, ...(spec.statements ?? [])], overtaken }),
    },
  }
}
