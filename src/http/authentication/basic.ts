import { fault } from '../../workflow/index.ts'
import { type Authenticator, fixed } from './authenticator.ts'

/** RFC 7617, in UTF-8. */
export function basic(username: string, password: string): Authenticator {
  if (username.includes(':')) {
    throw fault('configuration', 'A user name for basic authentication cannot hold a colon (RFC 7617).')
  }
  const parameter = Buffer.from(`${username}:${password}`).toString('base64')
  return fixed({ scheme: 'Basic', parameter }, [password, parameter])
}
