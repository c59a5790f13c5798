/** What connectors of messages have in common. */
export {
  messageSourceProperties,
  messageTargetProperties,
  payloadOf,
  recordOf,
  type Message,
} from './payload.ts'
export { clientFault } from './faults.ts'
