/**
 * The systems that data comes from and goes to. One folder per type; adding one is that folder plus one line here.
 * Knows how to read and write; what is moved when, and what is remembered of it, is `transfer/`'s.
 */
import type { Connector } from './connector.ts'
import { daprBinding, daprPubsub, daprState } from './dapr/index.ts'
import { file } from './file/index.ts'
import { http, httpEndpoint } from './http/index.ts'
import { kafka } from './kafka/index.ts'
import { mqtt } from './mqtt/index.ts'
import { nats } from './nats/index.ts'
import { postgres } from './postgres/index.ts'
import { s3 } from './s3/index.ts'
import { sftp } from './sftp/index.ts'
import { smtp } from './smtp/index.ts'
import { webhook } from './webhook/index.ts'

export type * from './connector.ts'
export { hasSidecar } from './dapr/index.ts'
export { expression } from './expression.ts'
export { guardedBy as guardedConnection } from './guarded.ts'
export { s3Client, type S3Client, type S3Options } from './s3/client.ts'
export { listObjects, type S3Object } from './s3/list.ts'
export { formats } from './formats/index.ts'
export { readConnection, type ConnectionComplaint, type ConnectionDeclaration } from './declaration.ts'
export { openConnections, type Connections, type ConnectionsOptions } from './open-connections.ts'

/** Every type there is, one line each. */
export const connectors: readonly Connector[] = [
  file,
  http,
  httpEndpoint,
  kafka,
  mqtt,
  nats,
  postgres,
  s3,
  sftp,
  smtp,
  webhook,
  daprBinding,
  daprPubsub,
  daprState,
]

/**
 * The connector for a `spec.type` of Dapr; `HTTPEndpoint` for that kind of resource. A type that has none of its own is
 * its family's, `bindings.*` and the like, behind a Dapr sidecar.
 */
export function connectorOf(type: string): Connector | undefined {
  return (
    connectors.find((each) => each.type === type) ??
    connectors.find((each) => each.type.endsWith('.*') && type.startsWith(each.type.slice(0, -1)))
  )
}
