import { createHash } from 'node:crypto'

/**
 * The trace of a run, made from its id alone: the same for every part of this server, after a crash, and for whoever
 * exports the run's spans. 32 hexadecimal digits (W3C Trace Context, "trace-id").
 */
export const traceIdOf = (runId: string): string => digest(`run\0${runId}`, 32)

/** `traceparent` (W3C Trace Context) for a call made by the run; `part` names the span, as the effect's key does. */
export const traceparentOf = (runId: string, part: string): string =>
  `00-${traceIdOf(runId)}-${digest(`span\0${runId}\0${part}`, 16)}-01`

/** Never all zeros but by a chance that no one meets. */
const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits)
