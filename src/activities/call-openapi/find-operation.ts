import { fault, isObject } from '../../workflow/index.ts'
import { shown } from '../input.ts'
import type { OpenDocument } from './documents.ts'
import { operationOfOpenApi3 } from './openapi3.ts'
import type { Operation } from './operation.ts'
import { member, resolvedObject } from './references.ts'
import { operationOfSwagger2 } from './swagger2.ts'

/** Finds an operation by its id. Throws `configuration` where there is none, or the document is no OpenAPI. */
export async function findOperation(document: OpenDocument, operationId: string): Promise<Operation> {
  const root = await resolvedObject({ value: document.root, document }, 'content')
  const { swagger, openapi } = root.value
  const version = typeof openapi === 'string' ? openapi : swagger === undefined ? '' : shown(swagger)
  // YAML reads an unquoted 2.0 as the number 2.
  const reader = /^3\.[012]/.test(version)
    ? operationOfOpenApi3
    : /^2(\.0)?$/.test(version)
      ? operationOfSwagger2
      : undefined
  if (!reader) {
    throw fault(
      'configuration',
      version
        ? `OpenAPI ${version} is not supported: 2.0, 3.0, 3.1 and 3.2 are.`
        : 'The document is not an OpenAPI description.',
    )
  }
  const known: string[] = []
  const paths = member(root, 'paths')
  for (const [path, value] of Object.entries(isObject(paths?.value) ? paths.value : {})) {
    if (!path.startsWith('/')) continue
    const pathItem = await resolvedObject({ value, document }, `path '${path}'`)
    for (const method of methods) {
      const operation = pathItem.value[method]
      if (!isObject(operation)) continue
      const id = operation['operationId']
      if (id === operationId) {
        return reader({
          document,
          root,
          pathItem,
          operation: { value: operation, document: pathItem.document },
          method: method.toUpperCase(),
          path,
        })
      }
      if (typeof id === 'string') known.push(id)
    }
  }
  const some = known.slice(0, 10).join(', ') + (known.length > 10 ? ', …' : '')
  throw fault(
    'configuration',
    `The API description has no operation '${operationId}'. It has: ${some || 'none'}.`,
  )
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']
