import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Client, ConnectConfig, SFTPWrapper } from 'ssh2'
import { networkReasons } from '../../http/index.ts'
import { fault } from '../../workflow/index.ts'
import type { ConnectionSettings, ConnectorHost } from '../connector.ts'
import { fingerprintOf, keysOfFile, keysOfLines, type KnownKeys } from './host-keys.ts'

/** One connection to the server, opened on first use, and anew where it was lost. */
export interface SftpSession {
  open(signal: AbortSignal): Promise<OpenSftp>
  close(): Promise<void>
}

export interface OpenSftp {
  readonly sftp: SFTPWrapper
  /** Rejects when the connection is lost: what was asked then gets no answer from the library. */
  readonly lost: Promise<never>
}

export function sftpSession(connection: ConnectionSettings, host: ConnectorHost): SftpSession {
  const { metadata } = connection
  if (metadata.password === undefined && metadata.privateKey === undefined) {
    throw fault('configuration', `${connection.name} needs a password or a privateKey.`)
  }
  let opened: Promise<OpenSftp & { client: Client }> | undefined
  const connect = async (signal: AbortSignal) => {
    const keys = await knownKeys(connection, host)
    return host.guarded((limited) => connectTo(connection, keys, limited), { repeatable: true, signal })
  }
  return {
    async open(signal) {
      signal.throwIfAborted()
      if (!opened) {
        const opening = connect(signal)
        opened = opening
        const forget = () => {
          if (opened === opening) opened = undefined
        }
        opening.then(({ client }) => client.once('close', forget), forget)
      }
      return opened
    },
    async close() {
      const closing = opened
      opened = undefined
      const held = await closing?.catch(() => undefined)
      held?.client.end()
    },
  }
}

const place = (address: string): { host: string; port: number } => {
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(address)
  if (!found)
    throw fault('configuration', `${JSON.stringify(address)} is not an address: write host or host:port.`)
  return { host: (found[1] ?? found[2]) as string, port: Number(found[3] ?? 22) }
}

async function knownKeys(
  { name, metadata }: ConnectionSettings,
  { projectFolder }: ConnectorHost,
): Promise<KnownKeys> {
  if (typeof metadata.hostPublicKey === 'string') return keysOfLines(metadata.hostPublicKey)
  if (typeof metadata.knownHostsFile === 'string') {
    const file = resolve(projectFolder, metadata.knownHostsFile)
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw fault('configuration', `The knownHostsFile of ${name} cannot be read: ${error.code}.`)
    })
    const { host, port } = place(String(metadata.address))
    return keysOfFile(text, host, port)
  }
  return keysOfLines('')
}

async function connectTo(
  { metadata }: ConnectionSettings,
  keys: KnownKeys,
  signal: AbortSignal,
): Promise<OpenSftp & { client: Client }> {
  const { Client } = await import('ssh2').then(
    (module) => module.default,
    () => {
      throw fault('configuration', 'SFTP needs the package ssh2: npm install --ignore-scripts ssh2.')
    },
  )
  const client = new Client()
  const address = String(metadata.address)
  let shown: string | undefined
  const config: ConnectConfig = {
    ...place(address),
    username: String(metadata.username),
    ...(metadata.password !== undefined && { password: String(metadata.password) }),
    ...(metadata.privateKey !== undefined && { privateKey: String(metadata.privateKey) }),
    ...(metadata.privateKeyPassphrase !== undefined && { passphrase: String(metadata.privateKeyPassphrase) }),
    hostVerifier: (key: Buffer) => {
      shown = fingerprintOf(key)
      return keys.includes(key)
    },
    ...(keys.algorithms && { algorithms: { serverHostKey: keys.algorithms as never } }),
    readyTimeout: 20_000,
    keepaliveInterval: 15_000,
  }
  const stop = () => client.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve)
      client.once('error', reject)
      client.once('close', () => reject(new Error('the connection was closed')))
      client.connect(config)
    })
    // One that breaks later is told to whoever uses it then.
    client.on('error', () => {})
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.sftp((error, opened) => (error ? reject(error) : resolve(opened)))
    })
    const lost = new Promise<never>((_, reject) => {
      client.once('close', () =>
        reject(fault('communication', `${address}: the connection was lost.`, { cause: 'LOST' })),
      )
    })
    lost.catch(() => {})
    return { client, sftp, lost }
  } catch (error) {
    client.on('error', () => {})
    client.destroy()
    signal.throwIfAborted()
    throw connectFault(error as Error & { code?: string; level?: string }, address, keys, shown)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function connectFault(
  error: Error & { code?: string; level?: string },
  address: string,
  keys: KnownKeys,
  shown: string | undefined,
) {
  if (/verification failed|no matching host key/i.test(error.message)) {
    const what =
      keys.algorithms === undefined && shown === undefined
        ? 'no key'
        : shown === undefined
          ? 'another kind of key'
          : shown
    return fault(
      'authentication',
      `${address} is not known by the key that it shows (${what}). Compare it with what the operator of the server says, ` +
        'and only then put it into `hostPublicKey`: somebody may stand in between.',
    )
  }
  if (error.level === 'client-authentication') {
    return fault('authentication', `${address} did not let us in: neither key nor password was taken.`)
  }
  if (/parse|passphrase|privateKey/i.test(error.message) && error.code === undefined) {
    return fault(
      'configuration',
      'The privateKey cannot be read: is it whole, and is privateKeyPassphrase right?',
    )
  }
  return fault('communication', `${address}: ${networkReasons[error.code ?? ''] ?? error.message}.`, {
    cause: error.code ?? 'SSH',
  })
}
