/** `a2a`: a method of an agent by the Agent2Agent protocol, 0.3 (dsl-reference.md, "A2A Call"). */
import { maskFor } from '../../http/index.ts'
import { fault } from '../../workflow/index.ts'
import type { ActivityFactory } from '../activity.ts'
import { objectInput, optionalObject, textOf } from '../input.ts'
import { asRuntime } from '../json-rpc.ts'
import { agentOf } from './agent.ts'
import { ask } from './ask.ts'

/** The methods of the protocol; those that answer with a stream. */
const methods: { readonly [method: string]: { readonly streams: boolean } } = {
  'message/send': { streams: false },
  'message/stream': { streams: true },
  'tasks/get': { streams: false },
  'tasks/list': { streams: false },
  'tasks/cancel': { streams: false },
  'tasks/resubscribe': { streams: true },
  'tasks/pushNotificationConfig/set': { streams: false },
  'tasks/pushNotificationConfig/get': { streams: false },
  'tasks/pushNotificationConfig/list': { streams: false },
  'tasks/pushNotificationConfig/delete': { streams: false },
  'agent/getAuthenticatedExtendedCard': { streams: false },
}

export const callA2a: ActivityFactory = (options) => ({
  name: 'a2a',
  async run(given, context) {
    const input = objectInput(given, 'a2a')
    const method = textOf(input, 'method')
    const known = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (!known) {
      const all = Object.keys(methods).join(', ')
      throw fault('configuration', `There is no A2A method ${JSON.stringify(method)}: there are ${all}.`)
    }
    const what = `A2A ${method}`
    const timeoutMs = options.http?.totalTimeoutMs ?? 5 * 60_000
    const late = AbortSignal.timeout(timeoutMs)
    const bounded = { ...context, signal: AbortSignal.any([context.signal, late]) }
    try {
      const agent = await agentOf(input, bounded, options)
      const question = { method, params: optionalObject(input, 'parameters'), streams: known.streams }
      return await ask(agent, question, bounded, what, maskFor(context.secrets))
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason
      if (late.aborted) {
        throw fault('runtime', `${what}: the answer was not whole within ${timeoutMs / 1000} seconds.`, {
          status: 408,
        })
      }
      throw asRuntime(error, what)
    }
  },
})
