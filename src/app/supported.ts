import type { LoadOptions } from '../workflow/definition/index.ts'

/** Of the protocols that the specification names for `asyncapi`, those that nothing here speaks. */
const unspoken = [
  'amqp1',
  'anypointmq',
  'googlepubsub',
  'ibmmq',
  'jms',
  'kafka',
  'mercure',
  'pulsar',
  'redis',
  'sns',
  'solace',
  'sqs',
  'stomp',
]

const instead = 'Use a server that speaks http, ws, mqtt, mqtt5, nats or amqp, or call a program that does.'

/**
 * What this installation cannot carry out, and what to use instead. A definition that asks for it is refused when it
 * is read, never when it is too late.
 */
export const loadOptions: Pick<Required<LoadOptions>, 'unsupported'> = {
  unsupported: Object.fromEntries(unspoken.map((protocol) => [`protocol.${protocol}`, instead])),
}
