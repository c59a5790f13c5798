import type { LoadOptions } from '../workflow/definition/index.ts'

/**
 * What this installation cannot carry out, and what to use instead. A definition that asks for it is refused when it
 * is read, never when it is too late.
 */
export const loadOptions: Pick<Required<LoadOptions>, 'unsupported'> = {
  unsupported: {
    'call.asyncapi': 'Use `emit` and `listen`, or call the broker over HTTP.',
  },
}
