import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { LoadedPages } from '../../parts/loaded.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { TextFilter } from '../runs/text-filter.tsx'
import type { Run } from './run-data.ts'

type Page = Awaited<ReturnType<typeof read>>

/** Read again this often while the run goes on; what is there already is not read twice. */
const pauseMs = 2000

/** What the functions of a run said, and the engine of it: the oldest first, and what comes as it comes. */
export function Logs({ run }: { readonly run: Run }) {
  const { t, many } = useTexts()
  const [text, setText] = useState('')
  const list = useInfiniteQuery({
    queryKey: ['run-logs', run.id],
    queryFn: ({ pageParam }) => read(run.id, pageParam),
    initialPageParam: 0,
    getNextPageParam: ({ lines, more, ended }: Page, _pages, after: number) =>
      more || !ended ? (lines.at(-1)?.seq ?? after) : undefined,
    staleTime: Infinity,
  })
  const { data, isFetchingNextPage, hasNextPage, fetchNextPage } = list
  const last = data?.pages.at(-1)
  const follows = last !== undefined && hasNextPage && !last.more
  useEffect(() => {
    if (!follows || isFetchingNextPage) return
    const timer = window.setTimeout(() => void fetchNextPage(), pauseMs)
    return () => window.clearTimeout(timer)
  }, [follows, isFetchingNextPage, fetchNextPage])
  const words = text.toLowerCase()
  return (
    <section aria-label={t('run.tab.logs')}>
      <LoadedPages
        of={{ ...list, hasNextPage: last?.more === true }}
        items={({ lines }) => lines}
        empty={t('logs.none')}
      >
        {(lines) => {
          const shown = lines.filter(({ message }) => message.toLowerCase().includes(words))
          return (
            <>
              <div className="filters">
                <TextFilter label={t('logs.find')} value={text} onChange={setText} />
                <p role="status">{many('count.lines', shown.length)}</p>
              </div>
              <ol className="log" tabIndex={0} aria-label={t('run.tab.logs')}>
                {shown.map(({ seq, at, level, message, data: more }) => (
                  <li key={seq} data-level={level}>
                    <span className="log-time">
                      <Time at={at} />
                    </span>
                    <span className="log-level">{t(`logs.${level}`)}</span>
                    {typeof more.function === 'string' && <span className="log-from">{more.function}</span>}
                    <span className="log-text">
                      {message}
                      {extra(more)}
                    </span>
                  </li>
                ))}
              </ol>
            </>
          )
        }}
      </LoadedPages>
    </section>
  )
}

function read(id: string, after: number) {
  return dataOf(
    api.GET('/api/v1/runs/{id}/logs', { params: { path: { id }, query: { after, limit: 1000 } } }),
  )
}

/** What else was said, without what every line has. */
function extra(data: { readonly [name: string]: unknown }): string {
  const rest = Object.entries(data).filter(
    ([name, value]) => !['function', 'trace'].includes(name) && value !== '',
  )
  return rest
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')
}
