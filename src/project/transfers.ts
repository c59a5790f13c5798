import { connectorOf } from '../connectors/index.ts'
import { checkTransfer, type TransferSurroundings } from '../transfer/index.ts'
import { sourcePosition, type Definition, type Finding } from '../workflow/definition/index.ts'
import { isObject, type Json } from '../workflow/index.ts'
import type { FunctionFile } from './functions.ts'
import { data } from './references.ts'
import type { Resource } from './resources.ts'

/** What is wrong with the transfers of pipelines and functions, by the connections and functions that there are. */
export function findWrongTransfers(
  definitions: readonly Definition[],
  catalog: readonly FunctionFile[],
  resources: readonly Resource[],
  functions: readonly string[],
): readonly Finding[] {
  const connections = connectionsOf(resources)
  const check = (root: unknown, source: Pick<Definition, 'text' | 'file'>, loose: boolean) =>
    transfersOf(root as Json).flatMap(({ pointer, given }) =>
      checkTransfer(given, { connections, functions, loose }).map((complaint): Finding => {
        const place = `${pointer}/with${complaint.pointer}`
        return {
          severity: complaint.severity,
          code: 'SLUSE-PROJECT-TRANSFER',
          message: complaint.message,
          todo: complaint.todo,
          ...(source.file !== undefined && { file: source.file }),
          ...sourcePosition(source, place),
          pointer: place,
        }
      }),
    )
  return [
    ...definitions.flatMap((each) => check(each.workflow, each, each.workflow.evaluate?.mode === 'loose')),
    ...catalog.flatMap((each) => check(each.task, each, false)),
  ]
}

/** A connection that has an error has its own finding: here it is only not missing. A secret store is none. */
function connectionsOf(resources: readonly Resource[]): TransferSurroundings['connections'] {
  return new Map(
    resources.flatMap(({ kind, name, connection }) => {
      const connector = connection && connectorOf(connection.type)
      const counts = kind === 'HTTPEndpoint' || (kind === 'Component' && (connector || !connection))
      return counts ? [[name, connector] as const] : []
    }),
  )
}

/** Every call of a transfer, and where. */
function transfersOf(root: Json): readonly { pointer: string; given: Json }[] {
  const found: { pointer: string; given: Json }[] = []
  const look = (value: Json, pointer: string, parent: string | undefined): void => {
    if (Array.isArray(value)) value.forEach((item, index) => look(item, `${pointer}/${index}`, undefined))
    else if (isObject(value)) {
      if (value.call === 'transfer:1.0.0@default') found.push({ pointer, given: value.with ?? null })
      for (const [key, item] of Object.entries(value)) {
        // An item of a list is a named task, and a task may have any name.
        if (parent !== undefined && data.has(key)) continue
        look(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, key)
      }
    }
  }
  look(root, '', '')
  return found
}
