import { useState } from 'react'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'
import { useRunList } from '../runs/run-list.ts'
import { RunTable } from '../runs/run-table.tsx'
import { BulkActions } from '../runs/bulk-actions.tsx'

/** The runs that this one started. */
export function Children({ id }: { readonly id: string }) {
  const { t } = useTexts()
  const [query] = useState({ parent: id })
  const { runs, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useRunList(query)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  if (error) return <Failure error={error} />
  if (isPending) return <Loading />
  if (runs.length === 0) return <p className="empty">{t('run.noChildren')}</p>
  return (
    <>
      <BulkActions ids={[...selected]} onDone={() => setSelected(new Set())} />
      <RunTable
        runs={runs}
        selected={selected}
        onSelect={setSelected}
        more={hasNextPage ? { busy: isFetchingNextPage, load: () => void fetchNextPage() } : undefined}
      />
    </>
  )
}
