import { Type, type Static, type TProperties, type TSchema } from 'typebox'
import { a2aArguments } from './call-a2a.ts'
import { asyncapiArguments } from './call-asyncapi.ts'
import { grpcArguments } from './call-grpc.ts'
import { httpArguments } from './call-http.ts'
import { mcpArguments } from './call-mcp.ts'
import { openapiArguments } from './call-openapi.ts'
import { taskOf } from './task-base.ts'
import { dataMap, freeMap, literal, oneWord } from './vocabulary.ts'

function builtin<const N extends string, A extends TSchema>(
  name: N,
  title: string,
  description: string,
  args: A,
  words: TProperties = {},
) {
  const metadata = Type.Optional(freeMap('Anything else to know about the task.', words))
  return taskOf(title, description, { call: Type.Literal(name), with: args, metadata })
}

const download = {
  saveTo: Type.Optional(
    oneWord('Where the response goes: `file` for one below the data folder, however large it is.', ['file']),
  ),
}

const transport = {
  tls: Type.Optional(Type.Boolean({ description: 'Whether to use TLS; usual for port 443 or none.' })),
}

/** dsl-reference.md, "Call": the built-in calls, and `function` for every other name. */
export const callTask = {
  asyncapi: builtin('asyncapi', 'Call AsyncAPI', 'Publishes or takes messages.', asyncapiArguments),
  grpc: builtin('grpc', 'Call gRPC', 'Calls a method of a gRPC service.', grpcArguments, transport),
  http: builtin('http', 'Call HTTP', 'Makes an HTTP request.', httpArguments, download),
  openapi: builtin(
    'openapi',
    'Call OpenAPI',
    'Calls an operation of an OpenAPI document.',
    openapiArguments,
    download,
  ),
  a2a: builtin('a2a', 'Call A2A', 'Calls an agent.', a2aArguments),
  mcp: builtin('mcp', 'Call MCP', 'Calls a server of the Model Context Protocol.', mcpArguments),
  function: taskOf('Call a function', 'Calls a function of `use.functions` or of a catalog.', {
    call: literal('The name in `use.functions`, `name:version@catalog`, or the address of a function.'),
    with: Type.Optional(dataMap('Its input; without it, the input of this task.')),
  }),
}

export type CallFunction = Static<typeof callTask.function>
