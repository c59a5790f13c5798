/** What connectors of messages have in common. */
export { messageSourceProperties, messageTargetProperties, payloadOf } from './payload.ts'
export { MessageCollector } from './collector.ts'
export { clientFault } from './faults.ts'
