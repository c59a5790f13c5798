/**
 * `asyncapi`: publishes or takes messages as an AsyncAPI document of version 2 or 3 says (dsl-reference.md,
 * "AsyncAPI Call").
 */
import { socketRules } from '../../http/index.ts'
import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import type { Activity, ActivityContext, ActivityFactory } from '../activity.ts'
import { createDocuments } from '../call-openapi/documents.ts'
import { endpointOf, objectInput, optionalObject, optionalText, shown } from '../input.ts'
import { credentialsOf } from './credentials.ts'
import { describe } from './description.ts'
import type { Outgoing } from './messages.ts'
import { locate, messageSubject, resolveAddress } from './parameters.ts'
import { protocolOf } from './protocols/index.ts'
import { shown as addressOf, type Protocol, type Target } from './protocols/protocol.ts'
import { chooseServer } from './servers.ts'
import { createSubscriptions, type Open } from './subscriptions.ts'

export { spokenProtocols } from './protocols/index.ts'

export const callAsyncapi: ActivityFactory = (options): Activity => {
  const documents = createDocuments(options)
  const subscriptions = createSubscriptions(options.log)
  const rules = socketRules(options.http)

  /** Everything that there is to know for publishing to, or taking from, what the call names. */
  const prepare = async (input: JsonObject, context: ActivityContext) => {
    const intent = intentOf(input)
    const document = optionalObject(input, 'document') ?? {}
    const opened = await documents(endpointOf(document['endpoint'], 'document.endpoint'), context)
    const names = { channel: optionalText(input, 'channel'), operation: optionalText(input, 'operation') }
    const described = await describe(opened, names, intent)
    const chosen = optionalObject(input, 'server')
    const server = chooseServer(described.servers, chosen, optionalText(input, 'protocol'))
    const protocol = protocolOf(server)
    const message = optionalObject(input, 'message') ?? {}
    const target: Target = {
      server,
      address: resolveAddress(
        described,
        messageSubject(message),
        intent === 'receive' ? protocol.wildcard : undefined,
      ),
      channelBindings: described.channelBindings,
      operationBindings: described.operationBindings,
      contentType: described.contentType,
      correlation: described.correlation,
      credentials: await credentialsOf(input['authentication'], protocol.ownCredentials, context),
      rules,
      http: options.http ?? {},
    }
    return { protocol, target, message }
  }

  /** Makes a call to the server, if that may be called, under the policies for it. */
  const toServer = async <T>(
    protocol: Protocol,
    target: Target,
    call: Parameters<ActivityContext['guarded']>[1],
    { guarded }: ActivityContext,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    await rules.check(target.server.host)
    // The client for HTTP applies them itself, to each request.
    if (protocol.ownCredentials) return operation(call.signal)
    return guarded(addressOf(target, protocol.name), call, operation)
  }

  return {
    name: 'asyncapi',
    async run(given, context) {
      const input = objectInput(given, 'asyncapi')
      const subscription = optionalObject(input, 'subscription')
      if (!subscription) {
        const { protocol, target, message } = await prepare(input, context)
        // Whether a message whose receipt was lost has come is not known: it is for the run to send it again.
        const call = { repeatable: () => false, signal: context.signal }
        await toServer(protocol, target, call, context, (signal) =>
          protocol.publish(target, outgoing(message, target), { ...context, signal }),
        )
        return null
      }
      const open: Open = async (signal, lasting) => {
        const { protocol, target } = await prepare(input, { ...context, signal })
        // The subscription outlives its opening, to which alone the policies apply.
        const call = { repeatable: () => true, signal }
        return toServer(protocol, target, call, context, (opening) => {
          const both = AbortSignal.any([signal, opening])
          return protocol.subscribe(target, { ...context, signal: both }, lasting)
        })
      }
      const take = isObject(subscription['next']) ? subscriptions.next : subscriptions.all
      return take(subscription, open, context)
    },
    close: () => subscriptions.close(),
  }
}

export type Intent = 'send' | 'receive'

function intentOf(input: JsonObject): Intent {
  const { message, subscription } = input
  if (isObject(message) && subscription === undefined) return 'send'
  if (isObject(subscription) && message === undefined) return 'receive'
  throw fault('configuration', 'An AsyncAPI call has either a `message` to publish, or a `subscription`.')
}

function outgoing(message: JsonObject, { correlation }: Target): Outgoing {
  const id = correlation === undefined ? undefined : locate(correlation, messageSubject(message))
  return {
    payload: message['payload'],
    headers: headersOf(message),
    correlationId: id === undefined || id === null ? undefined : shown(id),
  }
}

function headersOf(message: JsonObject): { readonly [name: string]: string } {
  const headers: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(optionalObject(message, 'headers') ?? {})) {
    if (value !== null) headers[name] = shown(value)
  }
  return headers
}
