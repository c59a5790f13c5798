/**
 * Dapr components that have no connector of their own, through the HTTP API of a Dapr sidecar: the sidecar has the
 * component, its settings and its secrets, and must be given the same file.
 */
import type { Connector } from '../connector.ts'
import { bindingSource, bindingSourceOptions, bindingTarget, bindingTargetOptions } from './binding.ts'
import { pubsubTarget, pubsubTargetOptions } from './pubsub.ts'
import { sidecarOf } from './sidecar.ts'
import { stateTarget, stateTargetOptions } from './state.ts'

export { hasSidecar } from './sidecar.ts'

const where =
  'Needs a Dapr sidecar that is given the same file: `DAPR_HTTP_ENDPOINT` or `DAPR_HTTP_PORT`, and `DAPR_API_TOKEN` where ' +
  'it asks for one.'

export const daprBinding: Connector = {
  type: 'bindings.*',
  about: `Any other binding of Dapr, such as \`bindings.azure.eventhubs\`. ${where}`,
  metadata: {},
  anyMetadata: true,
  sourceOptions: bindingSourceOptions,
  targetOptions: bindingTargetOptions,
  targetModes: ['append'],
  open(connection, host) {
    const sidecar = sidecarOf(connection, host)
    return {
      check: (signal) => sidecar.check(signal),
      source: (options) => bindingSource(sidecar, options),
      target: (options) => bindingTarget(sidecar, options),
      close: async () => {},
    }
  },
}

export const daprPubsub: Connector = {
  type: 'pubsub.*',
  about: `Publishing to any other broker of Dapr, such as \`pubsub.redis\`. ${where}`,
  metadata: {},
  anyMetadata: true,
  targetOptions: pubsubTargetOptions,
  targetModes: ['append'],
  open(connection, host) {
    const sidecar = sidecarOf(connection, host)
    return {
      check: (signal) => sidecar.check(signal),
      target: (options) => pubsubTarget(sidecar, options),
      close: async () => {},
    }
  },
}

export const daprState: Connector = {
  type: 'state.*',
  about: `Keeping records by key in any state store of Dapr, such as \`state.redis\`. ${where}`,
  metadata: {},
  anyMetadata: true,
  targetOptions: stateTargetOptions,
  targetModes: ['upsert'],
  open(connection, host) {
    const sidecar = sidecarOf(connection, host)
    return {
      check: (signal) => sidecar.check(signal),
      target: (options) => stateTarget(sidecar, options),
      close: async () => {},
    }
  },
}
