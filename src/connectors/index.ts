/**
 * The systems that data comes from and goes to. One folder per type; adding one is that folder plus one line here.
 * Knows how to read and write; what is moved when, and what is remembered of it, is `transfer/`'s.
 */
import type { Connector } from './connector.ts'

export type * from './connector.ts'

/** Every type there is, one line each. */
export const connectors: readonly Connector[] = []
