import { pushKey } from './installation.ts'
import type { Member } from './member.ts'

/** Whoever speaks to the installation over HTTP, as through a load balancer. */
export function openClients({ apis }: { readonly apis: readonly Pick<Member, 'url'>[] }) {
  /** Answers that say no for good, though nothing that was asked was wrong. */
  const refusals: string[] = []
  const state = { acknowledgedAt: 0 }
  let turn = 0

  /** Asks one server after the other until it is answered: whoever has no answer cannot know, and asks again. */
  async function ask<T>(method: string, path: string, headers = {}, body?: string): Promise<T> {
    for (;;) {
      const { url } = apis[turn++ % apis.length] as Member
      try {
        const init = { method, headers, signal: AbortSignal.timeout(15_000) }
        const answer = await fetch(`${url}${path}`, body === undefined ? init : { ...init, body })
        const text = await answer.text()
        if (answer.ok) {
          if (method === 'POST') state.acknowledgedAt = Date.now()
          return JSON.parse(text) as T
        }
        if (answer.status < 500) throw new Refused(`${method} ${path}: ${answer.status} ${text}`)
      } catch (error) {
        if (error instanceof Refused) throw error
        // It was killed, before it took this or after; or it is away.
      }
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100))
    }
  }

  const post = <T>(path: string, body: unknown, headers: { [name: string]: string } = {}) =>
    ask<T>('POST', path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body))
  const get = <T>(path: string) => ask<T>('GET', path)

  return {
    refusals,
    get acknowledgedAt() {
      return state.acknowledgedAt
    },
    get,
    post,
    /** Gives the id of the run. */
    async run(pipeline: string, n: number): Promise<string> {
      const path = `/api/v1/pipelines/cluster/${pipeline}/runs`
      return (await post<{ id: string }>(path, { input: { n } }, { 'idempotency-key': `${pipeline}-${n}` }))
        .id
    },
    publish(type: string, n: number): Promise<unknown> {
      const event = { specversion: '1.0', id: `${type}-${n}`, source: '/cluster', type, subject: String(n) }
      const headers = { 'content-type': 'application/cloudevents+json' }
      return post('/events', { ...event, data: { n } }, headers)
    },
    /** Sends one record to `/in/intake`. */
    push: (n: number) =>
      post('/in/intake', { id: n, value: n }, { 'idempotency-key': `push-${n}`, 'x-api-key': pushKey }),
    /** Suspends or resumes a run. */
    async order(id: string, what: 'suspend' | 'resume'): Promise<void> {
      try {
        await post(`/api/v1/runs/${id}/${what}`, {})
      } catch (error) {
        // The first answer was lost: it is done.
        if (!/SLUSE-RUN-STATE|SLUSE-RUN-ENDED/.test(String(error))) refusals.push(String(error))
      }
    },
    /** Decides all that is asked, until it is stopped. */
    decideAll() {
      let stopped = false
      const deciding = (async () => {
        while (!stopped) {
          const { approvals } = await get<{ approvals: { id: string }[] }>('/api/v1/approvals?limit=200')
          await Promise.all(
            approvals.map(({ id }) =>
              post(`/api/v1/approvals/${id}/decide`, { decision: 'approved' }).catch((error: unknown) => {
                // The first answer was lost with its server: it is decided.
                if (!String(error).includes('SLUSE-APPROVAL-DECIDED')) refusals.push(String(error))
              }),
            ),
          )
          await new Promise((resolve) => setTimeout(resolve, 300))
        }
      })()
      return async () => {
        stopped = true
        await deciding
      }
    },
    async runs(query: string): Promise<FoundRun[]> {
      const found: FoundRun[] = []
      for (let cursor = ''; ;) {
        const page = await get<Page>(`/api/v1/runs?limit=500&${query}${cursor}`)
        found.push(...page.runs.map(({ id, status, definition }) => ({ id, status, name: definition.name })))
        if (page.next === undefined) return found
        cursor = `&cursor=${page.next}`
      }
    },
  }
}

export type Clients = ReturnType<typeof openClients>

interface FoundRun {
  readonly id: string
  readonly name: string
  readonly status: string
}

interface Page {
  readonly runs: readonly { id: string; status: string; definition: { name: string } }[]
  readonly next?: string
}

class Refused extends Error {}
