import type { ReactNode } from 'react'
import { useTexts } from '../texts/index.tsx'
import { Loading } from './loading.tsx'
import { Failure } from './problem.tsx'

interface Props<T> {
  /** What was asked for. */
  readonly of: { readonly data: T | undefined; readonly error: unknown }
  /** The text where there is nothing in it. */
  readonly empty?: { readonly when: (data: T) => boolean; readonly text: string }
  readonly children: (data: T) => ReactNode
}

/** What a page asked for: that it is on its way, why it did not come, that there is nothing, or what there is. */
export function Loaded<T>({ of: { data, error }, empty, children }: Props<T>) {
  return (
    <>
      {Boolean(error) && <Failure error={error} />}
      {data === undefined && !error && <Loading />}
      {data !== undefined &&
        (empty?.when(data) ? <p className="empty">{empty.text}</p> : <>{children(data)}</>)}
    </>
  )
}

interface PagesProps<Page, Item> {
  readonly of: {
    readonly data: { readonly pages: readonly Page[] } | undefined
    readonly error: unknown
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    fetchNextPage(): Promise<unknown>
  }
  readonly items: (page: Page) => readonly Item[]
  readonly empty: string
  readonly children: (items: readonly Item[]) => ReactNode
}

/** The same for a list that comes a page at a time, with the way to the next page below it. */
export function LoadedPages<Page, Item>({ of: list, items, empty, children }: PagesProps<Page, Item>) {
  const { t } = useTexts()
  const all = { data: list.data?.pages.flatMap(items), error: list.error }
  return (
    <Loaded of={all} empty={{ when: ({ length }) => length === 0, text: empty }}>
      {(found) => (
        <>
          {children(found)}
          {list.hasNextPage && (
            <p className="no-print">
              <button
                type="button"
                className="button"
                disabled={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {t(list.isFetchingNextPage ? 'loading' : 'list.more')}
              </button>
            </p>
          )}
        </>
      )}
    </Loaded>
  )
}
