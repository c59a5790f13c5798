import { Type } from 'typebox'
import { duration } from './duration.ts'
import { endpoint } from './endpoint.ts'
import { dataMap, either, exactlyOne, lenient, mapOf, oneWord, text } from './vocabulary.ts'

const transport = exactlyOne(
  'Transport',
  'How to reach the server: exactly one of `http` and `stdio`.',
  {
    http: lenient('HTTP transport', 'Over HTTP.', {
      endpoint,
      headers: Type.Optional(mapOf('Headers', 'Headers by name.', text('A value.'))),
    }),
    stdio: lenient('Process transport', 'As a process of its own.', {
      command: text('The command that starts the server.'),
      arguments: Type.Optional(Type.Array(text('An argument.'), { description: 'The arguments, in order.' })),
      environment: Type.Optional(mapOf('Environment', 'Environment variables.', text('A value.'))),
    }),
  },
  { options: Type.Optional(mapOf('Options', 'Options of the transport.', text('A value.'))) },
  { 'x-unknown': 'warn', additionalProperties: true, 'x-feature': 'transport' },
)

/** dsl-reference.md, "MCP Call". */
export const mcpArguments = lenient('MCP', 'A call to a server of the Model Context Protocol.', {
  protocolVersion: Type.Optional(text('The version of the protocol.', { default: '2025-06-18' })),
  method: oneWord('The method.', [
    'tools/list',
    'tools/call',
    'prompts/list',
    'prompts/get',
    'resources/list',
    'resources/read',
    'resources/templates/list',
  ]),
  parameters: Type.Optional(
    either('MCP parameters', 'Parameters of the method.', [
      dataMap('Parameters by name.', { title: 'Data' }),
      text('Yields them.', { title: 'Expression' }),
    ]),
  ),
  timeout: Type.Optional(duration),
  transport,
  client: Type.Optional(
    lenient('Client', 'Who we say that we are.', { name: text('The name.'), version: text('The version.') }),
  ),
})
