import { createHash } from 'node:crypto'
import type { HttpSettings, SocketRules } from '../../../http/index.ts'
import { fault, problemOf, type Json, type JsonObject, type WorkflowFault } from '../../../workflow/index.ts'
import type { ActivityContext } from '../../activity.ts'
import type { Credentials } from '../credentials.ts'
import type { Outgoing } from '../messages.ts'
import type { ChosenServer } from '../servers.ts'

/** A way to send and take messages. One file each beside this one, one line each in `index.ts`. */
export interface Protocol {
  /** As AsyncAPI names it, without what says that it is secured. */
  readonly name: string
  /** What stands for any value of a parameter in an address that messages are taken from. */
  readonly wildcard?: string
  /** Authentication policies are carried out by its client. */
  readonly ownCredentials: boolean
  /** Resolves once the other side has the message. Throws a `communication` fault. */
  publish(target: Target, message: Outgoing, context: ActivityContext): Promise<void>
  /** Resolves once it is subscribed: what is published from then on is taken. Ends with `context.signal`. */
  subscribe(target: Target, context: ActivityContext, lasting?: Lasting): Promise<Feed>
}

/** A subscription that may be taken up again after its connection, or this process, has ended. */
export interface Lasting {
  /** The same whenever it is taken up: a broker can keep messages under this name in between. */
  readonly name: string
  /** Of the last message that was recorded, as its arrival said; null at first. */
  readonly position: Json
}

/** How long a broker is asked to keep messages for a lasting subscription that nobody takes up again. */
export const keptMs = 24 * 60 * 60_000

/** What a lasting subscription to an address is called at a broker: `sluse-` and 16 hexadecimal digits. */
export const brokerName = ({ name }: Lasting, address: string): string =>
  `sluse-${createHash('sha256').update(`${name} ${address}`).digest('hex').slice(0, 16)}`

export interface Target {
  readonly server: ChosenServer
  readonly address: string
  /** By protocol, as the document has them. */
  readonly channelBindings: JsonObject
  readonly operationBindings: JsonObject
  readonly contentType: string | undefined
  readonly correlation: string | undefined
  readonly credentials: Credentials
  readonly rules: SocketRules
  readonly http: HttpSettings
}

/** Messages as they come. */
export interface Feed {
  /** The next one; `undefined` where none will come any more. Rejects when `signal` aborts or the source is lost. */
  next(signal: AbortSignal): Promise<Arrival | undefined>
  /** With `ended`, nobody will take it up again. What was not acknowledged is given back to a broker. */
  close(ended?: boolean): Promise<void>
}

export interface Arrival {
  /** `{ payload, headers, correlationId? }`. */
  readonly message: JsonObject
  /** From where a source goes on that can be asked for what followed this message. */
  readonly position?: Json
  /** Tells a broker that holds it for us that it need not give it again. */
  acknowledge(): Promise<void>
}

/** `mqtt://broker.example:1883`, for people. */
export function shown({ server }: Pick<Target, 'server'>, protocol: string): string {
  const port = server.port === undefined ? '' : `:${server.port}`
  return `${protocol}://${server.host}${port}`
}

export function brokerFault(what: string, error: unknown): WorkflowFault {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  const reason = [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ')
  return fault('communication', `${what}: ${reason || String(error)}`)
}

export const refusedFault = (what: string, status: 401 | 403 | 404, message: string): WorkflowFault =>
  fault('communication', `${what}: ${message}`, { status })

export const isFault = (error: unknown): error is WorkflowFault => problemOf(error) !== undefined
