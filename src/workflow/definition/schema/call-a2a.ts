import { Type } from 'typebox'
import { endpoint, externalResource } from './endpoint.ts'
import { closed, dataMap, either, oneWord, text } from './vocabulary.ts'

/** dsl-reference.md, "A2A Call": `agentCard` or `server`. */
export const a2aArguments = closed(
  'A2A',
  'A call to an agent (Agent2Agent protocol).',
  {
    agentCard: Type.Optional(externalResource),
    server: Type.Optional(endpoint),
    method: oneWord('The method.', [
      'message/send',
      'message/stream',
      'tasks/get',
      'tasks/list',
      'tasks/cancel',
      'tasks/resubscribe',
      'tasks/pushNotificationConfig/set',
      'tasks/pushNotificationConfig/get',
      'tasks/pushNotificationConfig/list',
      'tasks/pushNotificationConfig/delete',
      'agent/getAuthenticatedExtendedCard',
    ]),
    parameters: Type.Optional(
      either('A2A parameters', 'Parameters of the method.', [
        dataMap('Parameters by name.', { title: 'Data', minProperties: 1 }),
        text('Yields them.', { title: 'Expression' }),
      ]),
    ),
  },
  { 'x-some': ['agentCard', 'server'] },
)
