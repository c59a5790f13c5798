import { fault } from '../../../workflow/index.ts'
import { family, type ChosenServer } from '../servers.ts'
import { amqp } from './amqp.ts'
import { http } from './http.ts'
import { mqtt, mqtt5 } from './mqtt.ts'
import { nats } from './nats.ts'
import type { Protocol } from './protocol.ts'
import { websocket } from './websocket.ts'

/** Every protocol that is spoken, one line each. */
const protocols: readonly Protocol[] = [http, websocket, mqtt, mqtt5, nats, amqp]

/** Their names, as AsyncAPI has them. */
export const spokenProtocols: readonly string[] = protocols.map(({ name }) => name)

export function protocolOf({ name, protocol }: ChosenServer): Protocol {
  const found = protocols.find((each) => each.name === family(protocol))
  if (found) return found
  throw fault(
    'configuration',
    `The server ${name} speaks ${protocol}, which is not supported: ${spokenProtocols.join(', ')} are.`,
  )
}
