import { useDeferredValue, useMemo, useState } from 'react'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Loading } from '../../parts/loading.tsx'
import { useTexts } from '../../texts/index.tsx'
import '../../style/run.css'
import { BulkActions } from './bulk-actions.tsx'
import { FilterForm } from './filter-form.tsx'
import { queryOf, useRunFilters } from './filters.ts'
import { useRunList } from './run-list.ts'
import { RunTable } from './run-table.tsx'

/** All runs: search, filter, choose some and act on them. */
export function Runs() {
  const { t, many } = useTexts()
  const [filters, change] = useRunFilters()
  const settled = useDeferredValue(filters)
  const query = useMemo(() => queryOf(settled), [settled])
  const { runs, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useRunList(query)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const shown = useMemo(() => new Set(runs.map(({ id }) => id)), [runs])
  const chosen = [...selected].filter((id) => shown.has(id))
  return (
    <>
      <PageTitle title={t('runs.title')} />
      <FilterForm filters={filters} onChange={change} />
      {error && <Failure error={error} />}
      {isPending && !error && <Loading />}
      {!isPending && (
        <>
          <div className="toolbar">
            <p role="status">
              {hasNextPage ? t('runs.first', { count: runs.length }) : many('count.runs', runs.length)}
            </p>
            <BulkActions ids={chosen} onDone={() => setSelected(new Set())} />
          </div>
          {runs.length === 0 ? (
            <p className="empty">{t('runs.none')}</p>
          ) : (
            <RunTable
              runs={runs}
              selected={selected}
              onSelect={setSelected}
              more={hasNextPage ? { busy: isFetchingNextPage, load: () => void fetchNextPage() } : undefined}
            />
          )}
        </>
      )}
    </>
  )
}
