import { useState } from 'react'
import { Link } from 'wouter'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import '../../style/run.css'
import { useTexts } from '../../texts/index.tsx'
import { useRunList } from '../runs/run-list.ts'
import { RunTable } from '../runs/run-table.tsx'

export function PipelineRuns({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { t } = useTexts()
  const [query] = useState({ namespace, name })
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const { runs, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useRunList(query)
  if (error) return <Failure error={error} />
  if (isPending) return <Loading />
  if (runs.length === 0) return <p className="empty">{t('pipeline.noRuns')}</p>
  const address = `/runs?namespace=${encodeURIComponent(namespace)}&name=${encodeURIComponent(name)}`
  return (
    <>
      <p>
        <Link href={address}>{t('pipeline.allRuns')}</Link>
      </p>
      <RunTable
        runs={runs}
        selected={selected}
        onSelect={setSelected}
        more={hasNextPage ? { busy: isFetchingNextPage, load: () => void fetchNextPage() } : undefined}
      />
    </>
  )
}
