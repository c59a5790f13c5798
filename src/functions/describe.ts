import { isObject, problemOf, type JsonObject } from '../workflow/index.ts'
import { isContract, readContract } from './contract.ts'
import type { FunctionLimits } from './limits.ts'
import { kindOf } from './runners/index.ts'

/** What there is to say of a function before it is run. */
export interface FunctionDescription {
  /** `process`, `module`, `http`, …; `task` for an ordinary task, which only workflows call. */
  readonly way: string
  readonly protocol: string | undefined
  readonly title: string | undefined
  /** The command that makes it from its source. */
  readonly build: string | undefined
  /** The whole `function.yaml`. */
  readonly definition: JsonObject
  /** Why it cannot be run, if it cannot. */
  readonly fault: string | undefined
}

export function describeFunction(
  name: string,
  definition: JsonObject,
  home: string,
  limits?: FunctionLimits,
): FunctionDescription {
  const metadata = isObject(definition['metadata']) ? definition['metadata'] : {}
  const title = typeof metadata['title'] === 'string' ? metadata['title'] : undefined
  const plain = { way: 'task', protocol: undefined, title, build: undefined, definition, fault: undefined }
  if (Object.keys(definition).length === 0)
    return { ...plain, way: '?', fault: 'It is not valid: `sluse validate`.' }
  if (!isContract(definition)) return plain
  try {
    const contract = readContract(name, definition, home, limits)
    return { ...plain, way: kindOf(contract).name, protocol: contract.protocol, build: contract.build }
  } catch (error) {
    const problem = problemOf(error)
    if (!problem) throw error
    return { ...plain, way: '?', fault: problem.detail ?? problem.type }
  }
}
