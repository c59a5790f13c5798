import { Link } from 'wouter'
import { useQuery } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { useTexts } from '../../texts/index.tsx'
import type { Run } from './run-data.ts'

export function InputOutput({ run }: { readonly run: Run }) {
  const { t } = useTexts()
  const { data, error } = useQuery({
    queryKey: ['run', run.id, 'values'],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{id}/values', { params: { path: { id: run.id } } })),
  })
  if (error) return <Failure error={error} />
  if (!data) return <Loading />
  const { input, output } = data
  return (
    <>
      <div className="columns">
        <section>
          <h2>{t('run.input')}</h2>
          <JsonView value={input} label={t('run.input')} />
        </section>
        <section>
          <h2>{t('run.output')}</h2>
          {output === undefined ? (
            <p className="empty">{t('run.noOutput')}</p>
          ) : (
            <JsonView value={output} label={t('run.output')} />
          )}
        </section>
      </div>
      <p className="no-print">
        <Link href={`/playground?run=${encodeURIComponent(run.id)}`}>{t('run.playground')}</Link>
      </p>
    </>
  )
}
