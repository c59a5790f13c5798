import type { LoadOptions } from '../workflow/definition/index.ts'

/**
 * What this installation cannot carry out, and what to use instead. A definition that asks for it is refused when it
 * is read, never when it is too late.
 */
export const loadOptions: Pick<Required<LoadOptions>, 'unsupported'> = {
  unsupported: {
    'call.asyncapi': 'Use `emit` and `listen`, or call the broker over HTTP.',
    'call.grpc': 'Call the service over HTTP, or let a script do it.',
    'call.a2a': 'Call the agent over HTTP.',
    'call.mcp': 'Call the server over HTTP.',
  },
}
