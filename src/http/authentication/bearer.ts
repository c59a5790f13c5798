import { fault } from '../../workflow/index.ts'
import { type Authenticator, fixed } from './authenticator.ts'

/** RFC 6750. Any visible ASCII is let through, for services that use more than its syntax allows. */
export function bearer(token: string): Authenticator {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw fault(
      'configuration',
      'The bearer token is empty, or holds a character that a header cannot carry.',
    )
  }
  return fixed({ scheme: 'Bearer', parameter: token }, [token])
}
