import { networkReasons } from '../../http/index.ts'
import { fault, problemOf, type WorkflowFault } from '../../workflow/index.ts'

/** What a client library said of a server, as a fault; `where` is the server. */
export function clientFault(error: unknown, where: string): WorkflowFault {
  if (problemOf(error)) return error as WorkflowFault
  const { code: told, message } = rootOf(error)
  // Some libraries keep the socket's code only in their own message.
  const code = /\b(ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)\b/.exec(message)?.[1] ?? told
  if (/auth|not authori[sz]ed|credential|bad user|permission/i.test(message) || code === 'EAUTH') {
    return fault('authentication', `${where} did not let us in: ${message.replace(/\.$/, '')}.`)
  }
  return fault(
    'communication',
    `${where}: ${networkReasons[code] ?? (message.replace(/\.$/, '') || code)}.`,
    {
      cause: code,
    },
  )
}

/** The innermost says most: libraries wrap what the socket said, some of them several times. */
function rootOf(error: unknown): { code: string; message: string } {
  let found = { code: 'UNKNOWN', message: String(error) }
  let at: unknown = error
  for (let depth = 0; at instanceof Error && depth < 8; depth += 1) {
    const code = (at as { code?: unknown }).code
    found = { code: typeof code === 'string' ? code : at.name, message: at.message }
    at = at instanceof AggregateError && at.errors.length > 0 ? (at.errors[0] as unknown) : at.cause
  }
  return found
}
