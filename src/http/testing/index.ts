/** What tests of calls need: real servers on loopback, and the fault that a promise ends with. */
import { problemOf, type Problem } from '../../workflow/index.ts'
import type { Access } from '../index.ts'

export { serve, serveBytes, type Seen, type TestServer } from './servers.ts'

export const noAccess = (secrets: Access['secrets'] = {}): Access => ({
  secrets,
  signal: new AbortController().signal,
})

/** The problem details that `promise` rejects with. Throws where it resolves, or rejects with something else. */
export async function faultOf(promise: Promise<unknown>): Promise<Problem> {
  const error: unknown = await promise.then(
    (value) => new Error(`It resolved: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  const problem = problemOf(error)
  if (!problem) throw error
  return problem
}
