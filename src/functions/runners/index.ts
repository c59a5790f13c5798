/** The ways to run a function, one line each. */
import { fault } from '../../workflow/index.ts'
import type { Contract } from '../contract.ts'
import { containerKind } from './container/index.ts'
import { grpcKind } from './grpc/index.ts'
import { httpKind } from './http/index.ts'
import { moduleKind } from './module/index.ts'
import { processKind } from './process/index.ts'
import { wasmKind } from './wasm/index.ts'
import type { RunnerKind } from './runner.ts'

export const runnerKinds: readonly RunnerKind[] = [
  processKind,
  moduleKind,
  wasmKind,
  containerKind,
  httpKind,
  grpcKind,
]

/** The way in which a function asks to be run. Throws a `configuration` fault where there is none. */
export function kindOf({
  name,
  definition,
  protocol,
}: Pick<Contract, 'name' | 'definition' | 'protocol'>): RunnerKind {
  const fitting = runnerKinds.filter((kind) => kind.fits(definition))
  const found = fitting.find((kind) => kind.protocols.includes(protocol))
  if (found) return found
  const known = (fitting.length > 0 ? fitting : runnerKinds).map(
    (kind) => `\`${kind.words}\` with ${kind.protocols.join(' or ')}`,
  )
  throw fault(
    'configuration',
    `The function ${name} has the protocol ${JSON.stringify(protocol)}, which does not fit how it is run: there is ${known.join(', ')}.`,
  )
}
