import type { ProviderFetch } from '../access/index.ts'
import type { Guarded } from '../activities/index.ts'
import { fault } from '../workflow/index.ts'

/**
 * `fetch` under the policies of whom it calls. An answer that says that the system is in trouble is thrown as a fault,
 * so that it counts, and is asked for again where that does no harm.
 */
export function guardedFetch(guarded: Guarded): ProviderFetch {
  return (uri, { method, headers, body, signal = AbortSignal.timeout(10_000) }) => {
    const call = { repeatable: () => method === 'GET', signal }
    return guarded(uri, call, async (within) => {
      let answer: Response
      try {
        answer = await fetch(uri, {
          method,
          headers,
          body: (body as string | URLSearchParams | null | undefined) ?? null,
          signal: within,
          redirect: 'manual',
        })
      } catch (error) {
        if (within.aborted) throw within.reason
        const { cause } = error as { cause?: { code?: unknown } }
        throw fault('communication', `${new URL(uri).origin} cannot be reached.`, {
          cause: String(cause?.code ?? 'UNKNOWN'),
        })
      }
      const { status, statusText } = answer
      if (status < 500 && status !== 429) return answer
      await answer.body?.cancel()
      throw fault('communication', `${new URL(uri).origin} answered ${status} ${statusText}.`, { status })
    })
  }
}
