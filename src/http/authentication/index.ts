/**
 * Authentication policies of the specification, one file per scheme: what to send, and how to answer a challenge.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { fault, type Json } from '../../workflow/index.ts'
import type { Access } from '../client.ts'
import type { Authenticator, TokenExchange } from './authenticator.ts'
import { basic } from './basic.ts'
import { bearer } from './bearer.ts'
import { createDigest } from './digest.ts'
import { createTokens } from './oauth.ts'
import { readPolicy } from './policy.ts'

export type { Authenticator } from './authenticator.ts'

export interface Authentication {
  /** Throws `configuration` for a policy that is none, `authorization` for a secret that does not exist. */
  authenticator(policy: Json, access: Access): Promise<Authenticator>
  close(): void
}

export function createAuthentication(options: {
  exchange: TokenExchange
  now?: () => number
}): Authentication {
  const digest = createDigest()
  const tokens = createTokens(options.exchange, options.now ?? Date.now)
  const salt = randomBytes(32)
  /** Stands for a policy in the caches: says nothing about it, not even to who guesses. */
  const keyOf = (policy: unknown) =>
    createHmac('sha256', salt).update(JSON.stringify(policy)).digest('base64url')

  return {
    async authenticator(given, access) {
      const policy = readPolicy(given, access.secrets)
      switch (policy.scheme) {
        case 'basic':
          return basic(policy.username, policy.password)
        case 'bearer':
          return bearer(policy.token)
        case 'digest':
          return digest(policy.username, policy.password, keyOf(policy))
        case 'oauth2':
        case 'oidc':
          return tokens.authenticator(policy.oauth, keyOf(policy))
        default:
          policy satisfies never
          throw fault('configuration', 'There is no such authentication scheme.')
      }
    },
    close: () => tokens.close(),
  }
}
