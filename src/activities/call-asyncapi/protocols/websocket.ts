import { Agent, WebSocket } from 'undici'
import { encodePayload, inbound, type Received } from '../messages.ts'
import { createInbox } from './inbox.ts'
import { brokerFault, shown, type Protocol, type Target } from './protocol.ts'

/** WebSocket: each message is one of the socket's; it carries no headers but those of the handshake. */
export const websocket: Protocol = {
  name: 'ws',
  ownCredentials: false,

  async publish(target, { payload, headers }, context) {
    const connection = await connect(target, headers, context.signal)
    const { body, contentType } = encodePayload(payload, target.contentType)
    connection.socket.send(/json|text|xml/.test(contentType) ? body.toString('utf8') : body)
    // The closing handshake comes after the message: when it is done, the other side has it.
    await connection.finish(context.signal)
  },

  async subscribe(target, context) {
    const what = `Subscription to ${shown(target, 'ws')}`
    const inbox = createInbox(what)
    const connection = await connect(target, {}, context.signal, (received) =>
      inbox.push(
        {
          message: inbound(received, target.contentType, target.correlation),
          acknowledge: async () => {},
        },
        received.payload.length,
      ),
    )
    void connection.closed.then(({ code, reason }) => {
      inbox.end(
        brokerFault(what, { message: `the connection was closed (${code}${reason ? ` ${reason}` : ''})` }),
      )
    })
    return { next: inbox.next, close: () => connection.destroy() }
  },
}

async function connect(
  target: Target,
  headers: { readonly [name: string]: string },
  signal: AbortSignal,
  take?: (received: Received) => void,
) {
  const { server, address, credentials, rules } = target
  const port = server.port === undefined ? '' : `:${server.port}`
  const path = address.startsWith('/') ? address : `/${address}`
  const uri = `${server.secure ? 'wss' : 'ws'}://${server.host}${port}${server.path}${path}`
  const dispatcher = new Agent({
    connect: { lookup: rules.lookup, ...rules.tls(server.host), timeout: 10_000 },
  })
  const authorization =
    credentials.token !== undefined
      ? { authorization: `Bearer ${credentials.token}` }
      : credentials.username !== undefined
        ? {
            authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
          }
        : {}
  const socket = new WebSocket(uri, { dispatcher, headers: { ...headers, ...authorization } })
  socket.binaryType = 'arraybuffer'
  let cause: unknown
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
  })
  socket.addEventListener('error', ({ error }) => (cause = error?.cause ?? error))
  if (take) {
    socket.addEventListener('message', ({ data }) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer)
      take({ payload: bytes, headers: {} })
    })
  }
  // The signal outlives the connection: it is let go of.
  const over = new AbortController()
  const destroy = async () => {
    over.abort()
    socket.close()
    await dispatcher.destroy()
  }
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true, signal: over.signal })
    if (signal.aborted) reject(signal.reason as Error)
  })
  aborted.catch(() => {})
  const opened = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()))
  const refused = closed.then(() => {
    throw brokerFault(`Connection to ${shown(target, 'ws')}`, cause ?? { message: 'it was refused' })
  })
  refused.catch(() => {})
  try {
    await Promise.race([opened, refused, aborted])
  } catch (error) {
    await destroy()
    throw error
  }
  const finish = async (within: AbortSignal) => {
    socket.close(1000)
    try {
      const { code, reason } = await Promise.race([closed, aborted])
      within.throwIfAborted()
      if (code !== 1000 && code !== 1005) {
        throw brokerFault(`Publishing to ${shown(target, 'ws')}`, {
          message: `the connection was closed with ${code} ${reason}`,
        })
      }
    } finally {
      over.abort()
      await dispatcher.destroy()
    }
  }
  return { socket, closed, destroy, finish }
}
