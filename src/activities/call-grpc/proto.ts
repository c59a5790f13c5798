import { posix } from 'node:path'
import protobuf, { type Root, type Type } from 'protobufjs'
import { fault } from '../../workflow/index.ts'
import type { Endpoint } from '../input.ts'

export interface Method {
  /** `/package.Service/Method`. */
  readonly path: string
  readonly requestType: Type
  readonly responseType: Type
  readonly requestStream: boolean
  readonly responseStream: boolean
}

/** Files that one description may consist of. */
const mostFiles = 100

type Read = (endpoint: Endpoint) => Promise<string | undefined>

/**
 * Reads a `.proto` file and what it imports. An import is looked for beside the file that was asked for and in the
 * folders above it, as `protoc` would find it from the root of the descriptions; Google's well-known types are here.
 */
export async function loadProto(endpoint: Endpoint, read: Read): Promise<Root> {
  const root = new protobuf.Root()
  const loaded = new Set<string>()
  const add = async (text: string, name: string): Promise<void> => {
    const imports = parsed(text, root, name)
    for (const path of imports) {
      if (loaded.has(path)) continue
      loaded.add(path)
      if (loaded.size > mostFiles)
        throw fault('configuration', `${name} leads to more than ${mostFiles} files.`)
      const common = protobuf.common.get(path)
      if (common) root.addJSON(common.nested ?? {})
      else await add(await imported(path, endpoint, read), path)
    }
  }
  const text = await read(endpoint)
  if (text === undefined) throw fault('communication', 'The description of the service came without content.')
  await add(text, endpoint.uri)
  try {
    root.resolveAll()
  } catch (error) {
    throw fault('configuration', `${endpoint.uri} does not hold together: ${(error as Error).message}`)
  }
  return root
}

function parsed(text: string, root: Root, name: string): readonly string[] {
  try {
    const { imports = [], weakImports = [] } = protobuf.parse(text, root, { keepCase: true })
    return [...imports, ...weakImports]
  } catch (error) {
    throw fault(
      'configuration',
      `${name} is not a description of services (proto): ${(error as Error).message}`,
    )
  }
}

async function imported(path: string, { uri, ...rest }: Endpoint, read: Read): Promise<string> {
  const [, start = '', rooted = ''] = /^(https?:\/\/[^/]+|file:\/\/|)(.*?)(?:\?.*)?$/i.exec(uri) ?? []
  let failure: unknown
  for (let folder = posix.dirname(rooted); ; folder = posix.dirname(folder)) {
    try {
      const text = await read({ ...rest, uri: `${start}${posix.join(folder, path)}` })
      if (text !== undefined) return text
    } catch (error) {
      failure ??= error
    }
    if (folder === posix.dirname(folder)) break
  }
  throw failure ?? fault('configuration', `The import ${path} is nowhere to be found.`)
}

export function methodOf(root: Root, serviceName: string, methodName: string): Method {
  const service = serviceIn(root, serviceName)
  const method = Object.hasOwn(service.methods, methodName) ? service.methods[methodName] : undefined
  if (!method) {
    const known = Object.keys(service.methods).join(', ') || 'none'
    throw fault('configuration', `The service ${serviceName} has no method ${methodName}; it has ${known}.`)
  }
  method.resolve()
  return {
    path: `/${service.fullName.replace(/^\./, '')}/${method.name}`,
    requestType: method.resolvedRequestType as Type,
    responseType: method.resolvedResponseType as Type,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
  }
}

function serviceIn(root: Root, name: string): protobuf.Service {
  const found = root.lookup(name, [protobuf.Service])
  if (found instanceof protobuf.Service) return found
  const known = servicesOf(root).map((service) => service.fullName.replace(/^\./, ''))
  throw fault(
    'configuration',
    `There is no service ${name} in the description; it has ${known.join(', ') || 'none'}.`,
  )
}

function servicesOf(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((each) =>
    each instanceof protobuf.Service ? [each] : each instanceof protobuf.Namespace ? servicesOf(each) : [],
  )
}
