import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useLive, type LiveEvent } from '../../api/live.ts'
import type { RunStatus } from '../../parts/status.tsx'
import type { RunQuery } from './filters.ts'

type Run = Schemas['Run']
interface Page {
  readonly runs: readonly Run[]
  readonly next?: string
}
type Pages = InfiniteData<Page, string | undefined>

const pageSize = 100

/**
 * Runs, newest first, a page at a time as one scrolls. What happens changes the rows that are loaded; only the first
 * page is read again, whatever has been scrolled past.
 */
export function useRunList(query: RunQuery) {
  const client = useQueryClient()
  const queryKey = useMemo(() => ['runs', query] as const, [query])
  const page = (cursor: string | undefined, signal?: AbortSignal): Promise<Page> =>
    dataOf(
      api.GET('/api/v1/runs', {
        params: { query: { ...query, limit: pageSize, ...(cursor !== undefined && { cursor }) } },
        ...(signal && { signal }),
      }),
    )
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page) => last.next,
    // Going through all pages again is never worth it: `useLive` keeps them as they are.
    staleTime: Infinity,
    gcTime: 60_000,
  })

  useLive((events) => {
    client.setQueryData<Pages>(queryKey, (pages) => pages && withStatuses(pages, events))
    void page(undefined).then(
      (first) => client.setQueryData<Pages>(queryKey, (pages) => pages && withFirst(pages, first)),
      () => undefined,
    )
  }, 2000)

  const runs = useMemo(() => list.data?.pages.flatMap((each) => each.runs) ?? [], [list.data])
  return { ...list, runs }
}

const statusAfter: { readonly [kind: string]: RunStatus } = {
  'workflow.completed': 'completed',
  'workflow.faulted': 'faulted',
  'workflow.cancelled': 'cancelled',
  'workflow.suspended': 'suspended',
  'workflow.resumed': 'running',
}

/** The status that the events tell, for runs on any page. */
function withStatuses(pages: Pages, events: readonly LiveEvent[]): Pages {
  const statuses = new Map(
    events.flatMap(({ kind, run }) => {
      const status = statusAfter[kind]
      return status === undefined ? [] : [[run, status] as const]
    }),
  )
  if (statuses.size === 0) return pages
  const change = (run: Run): Run => {
    const status = statuses.get(run.id)
    return status === undefined ? run : { ...run, status }
  }
  return { ...pages, pages: pages.pages.map((each) => ({ ...each, runs: each.runs.map(change) })) }
}

/**
 * The list with its first page read anew. New runs are put before the others; where there is nothing in common with
 * what was there, so much has happened that the list begins anew.
 */
export function withFirst(pages: Pages, first: Page): Pages {
  const fresh = new Map(first.runs.map((run) => [run.id, run]))
  const known = new Set(pages.pages.flatMap(({ runs }) => runs.map(({ id }) => id)))
  const [old] = pages.pages
  const joins = first.next === undefined || old === undefined || first.runs.some(({ id }) => known.has(id))
  if (!joins) return { pages: [first], pageParams: [undefined] }
  const added = first.runs.filter(({ id }) => !known.has(id))
  return {
    ...pages,
    pages: pages.pages.map((page, index) => ({
      ...page,
      runs: [...(index === 0 ? added : []), ...page.runs.map((run) => fresh.get(run.id) ?? run)],
    })),
  }
}
