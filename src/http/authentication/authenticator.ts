import type { Json } from '../../workflow/index.ts'
import type { Authorization } from '../client.ts'
import type { Answer, Exchange } from '../exchange.ts'
import type { Mask } from '../masking.ts'

/** A policy at work for one request. */
export interface Authenticator {
  /** Sends with credentials; once more where the answer is a challenge that can be met. */
  perform(asked: AskedRequest, send: SendWith, signal: AbortSignal): Promise<Answer>
  /** The `Authorization` header's parts. */
  authorize(asked: { method: string; uri: string } | undefined, signal: AbortSignal): Promise<Authorization>
  /** What must never be shown: given and obtained so far. */
  secrets(): Json[]
}

export type AskedRequest = Pick<Exchange, 'method' | 'url' | 'body'>

/** Sends the request with these headers added. */
export type SendWith = (headers: { [name: string]: string }) => Promise<Answer>

/** How token endpoints are asked: resolves with any status. */
export type TokenExchange = (
  asked: Pick<Exchange, 'method' | 'url' | 'headers' | 'body'>,
  mask: Mask,
  signal: AbortSignal,
) => Promise<Answer>

/** A scheme whose header is known beforehand and does not change. */
export function fixed(authorization: Authorization, secrets: Json[]): Authenticator {
  const header = `${authorization.scheme} ${authorization.parameter}`
  return {
    perform: (_asked, send) => send({ authorization: header }),
    authorize: () => Promise.resolve({ ...authorization }),
    secrets: () => secrets,
  }
}
