/** Files on an SFTP server. Dapr calls the type `bindings.sftp`. */
import type { Connector } from '../connector.ts'
import {
  fileSource,
  fileSourceOptions,
  fileTarget,
  fileTargetModes,
  fileTargetOptions,
} from '../files/index.ts'
import { sftpSession } from './session.ts'
import { sftpStore } from './sftp-store.ts'

export const sftp: Connector = {
  type: 'bindings.sftp',
  about: 'Files on an SFTP server, whose key is known.',
  metadata: {
    address: { about: 'The server: `host` or `host:port`.', type: 'text', required: true },
    rootPath: { about: 'The folder on the server in which all paths are.', type: 'text', required: true },
    username: { about: 'The user.', type: 'text', required: true },
    password: { about: "The user's password.", type: 'text', secret: true },
    privateKey: {
      about: "The user's private key, in the format of OpenSSH or PEM.",
      type: 'text',
      secret: true,
    },
    privateKeyPassphrase: { about: 'What the private key is encrypted with.', type: 'text', secret: true },
    hostPublicKey: {
      about:
        "The server's public key as a line such as `ssh-ed25519 AAAA…`, or its fingerprint, `SHA256:…`. " +
        'Several are separated by a line break. A server with another key is not talked to.',
      type: 'text',
    },
    knownHostsFile: {
      about:
        "Instead of `hostPublicKey`: a file in OpenSSH's known_hosts format; a relative path is in the project's folder.",
      type: 'text',
    },
  },
  sourceOptions: fileSourceOptions,
  targetOptions: fileTargetOptions,
  targetModes: fileTargetModes,
  open(connection, host) {
    const session = sftpSession(connection, host)
    const store = sftpStore(session, String(connection.metadata.rootPath))
    return {
      async check(signal) {
        await store.list('', false, signal)
        return `Signed in to ${String(connection.metadata.address)} as ${String(connection.metadata.username)}; ${String(connection.metadata.rootPath)} can be read.`
      },
      source: (options) => fileSource(store, options, host),
      target: (options) => fileTarget(store, options, host),
      close: () => session.close(),
    }
  },
}
