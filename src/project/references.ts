import { errorTable, type ErrorCode } from '../errors.ts'
import { sourcePosition, type Definition, type Finding } from '../workflow/definition/index.ts'
import { isObject, type Json } from '../workflow/index.ts'

/** Definitions by identity: of those that share one the first stays, and each other is a finding. */
export function findDuplicates(definitions: readonly Definition[]): {
  unique: readonly Definition[]
  findings: readonly Finding[]
} {
  const first = new Map<string, Definition>()
  const findings: Finding[] = []
  for (const definition of definitions) {
    const { namespace, name, version } = definition.reference
    const identity = `${namespace}/${name}:${version}`
    const earlier = first.get(identity)
    if (!earlier) first.set(identity, definition)
    else {
      const message = `${identity} is defined in ${earlier.file}, too.`
      findings.push(finding(definition, '/document/version', 'error', 'SLUSE-PROJECT-DUPLICATE', message))
    }
  }
  return { unique: [...first.values()], findings }
}

/**
 * `run: workflow` tasks whose workflow no definition of the project is. A warning where it may be somebody else's,
 * which is deployed beside this project: in a namespace that the project does not write in.
 */
export function findMissingWorkflows(definitions: readonly Definition[]): readonly Finding[] {
  const own = new Set(definitions.map(({ reference }) => reference.namespace))
  return definitions.flatMap((definition) =>
    runsOf(definition).flatMap(({ pointer, namespace, name, version }) => {
      const known = definitions.some(
        ({ reference: each }) =>
          each.namespace === namespace &&
          each.name === name &&
          (version === 'latest' || each.version === version),
      )
      if (known) return []
      const severity = own.has(namespace) ? 'error' : 'warning'
      const message = `No file of the project defines ${namespace}/${name}:${version}.`
      return [finding(definition, pointer, severity, 'SLUSE-PROJECT-WORKFLOW', message)]
    }),
  )
}

/** Every workflow that a definition runs, as far as it names it outright, and where. */
export function runsOf(
  definition: Definition,
): readonly { pointer: string; namespace: string; name: string; version: string }[] {
  const runs: { pointer: string; namespace: string; name: string; version: string }[] = []
  const look = (value: Json, pointer: string, parent: string | undefined): void => {
    if (Array.isArray(value)) value.forEach((item, index) => look(item, `${pointer}/${index}`, undefined))
    else if (isObject(value)) {
      if (parent === 'run' && isObject(value.workflow)) {
        const { namespace, name, version = 'latest' } = value.workflow
        const texts = [namespace, name, version]
        if (texts.every((each): each is string => typeof each === 'string' && !each.startsWith('${'))) {
          const [space = '', itself = '', which = ''] = texts
          runs.push({ pointer: `${pointer}/workflow`, namespace: space, name: itself, version: which })
        }
      }
      for (const [key, item] of Object.entries(value)) {
        // An item of a list is a named task, and a task may have any name.
        if (parent !== undefined && data.has(key)) continue
        look(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, key)
      }
    }
  }
  look(definition.workflow as unknown as Json, '', '')
  return runs
}

/** Keys whose values are the user's data, not tasks. */
export const data = new Set(['set', 'with', 'input', 'output', 'export', 'metadata', 'document'])

function finding(
  definition: Definition,
  pointer: string,
  severity: Finding['severity'],
  code: ErrorCode,
  message: string,
): Finding {
  const { file } = definition
  const position = sourcePosition(definition, pointer)
  return { severity, code, message, todo: errorTable[code].todo, ...(file && { file }), ...position, pointer }
}
