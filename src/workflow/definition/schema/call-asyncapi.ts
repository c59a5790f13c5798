import { Type, type Static, type TObject } from 'typebox'
import { authentication } from './authentication.ts'
import { duration } from './duration.ts'
import { externalResource } from './endpoint.ts'
import { subscriptionIterator } from './iterator.ts'
import { closed, dataMap, enclosed, exactlyOne, oneOfKeys, oneWord, text } from './vocabulary.ts'

const message = closed('Message', 'The message to publish.', {
  payload: Type.Optional(dataMap('Its payload.')),
  headers: Type.Optional(dataMap('Its headers.')),
})

/** dsl-reference.md, "AsyncAPI Subscription". */
const subscription = closed('Subscription', 'Which messages to take.', {
  filter: Type.Optional(enclosed('Take only messages for which this holds.')),
  consume: exactlyOne(
    'Consume',
    'How many messages to take.',
    {
      amount: Type.Integer({ description: 'This many.' }),
      while: enclosed('As long as this holds, asked after each message.'),
      until: enclosed('Until this holds, asked before each message.'),
    },
    { for: Type.Optional(duration) },
  ),
  foreach: Type.Optional(subscriptionIterator),
})

const always = {
  document: externalResource,
  server: Type.Optional(
    closed('Server', 'Which server of the document to use.', {
      name: text('Its name.'),
      variables: Type.Optional(dataMap('Its variables.')),
    }),
  ),
  protocol: Type.Optional(
    oneWord('Which protocol to use, where no server is given.', [
      'amqp',
      'amqp1',
      'anypointmq',
      'googlepubsub',
      'http',
      'ibmmq',
      'jms',
      'kafka',
      'mercure',
      'mqtt',
      'mqtt5',
      'nats',
      'pulsar',
      'redis',
      'sns',
      'solace',
      'sqs',
      'stomp',
      'ws',
    ]),
  ),
  authentication: Type.Optional(authentication),
}

const where = {
  channel: text('The channel, for AsyncAPI 2.6.'),
  operation: text('The operation, for AsyncAPI 3.0.'),
}

const what = { message, subscription }

type Arguments = Static<TObject<typeof always>> &
  Static<ReturnType<typeof exactlyOne<typeof where>>> &
  Static<ReturnType<typeof exactlyOne<typeof what>>>

/** dsl-reference.md, "AsyncAPI Call": one of channel and operation, with one of message and subscription. */
export const asyncapiArguments = Type.Unsafe<Arguments>({
  ...closed('AsyncAPI', 'An operation of an AsyncAPI document.', always),
  properties: { ...where, ...what, ...always },
  allOf: [{ oneOf: oneOfKeys(Object.keys(where)) }, { oneOf: oneOfKeys(Object.keys(what)) }],
})

export type AsyncapiArguments = Arguments
export type AsyncapiSubscription = Static<typeof subscription>
