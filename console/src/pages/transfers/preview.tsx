import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Rows } from '../approvals/shown.tsx'

const pageSize = 20

/** Records of a dataset as a table; personal data is hidden by the server. Looked at only when somebody asks to. */
export function Preview({ uri, records }: { readonly uri: string; readonly records: number }) {
  const { t } = useTexts()
  const [from, setFrom] = useState<number>()
  const id = uri.slice(uri.lastIndexOf('/') + 1)
  const { data, error, isFetching } = useQuery({
    queryKey: ['dataset', id, from],
    queryFn: () =>
      dataOf(
        api.GET('/api/v1/datasets/{id}/records', {
          params: { path: { id }, query: { from: from ?? 0, limit: pageSize } },
        }),
      ),
    enabled: from !== undefined,
  })
  return (
    <section className="panel">
      <header>
        <h2>{t('preview.title')}</h2>
        {from === undefined ? (
          <button type="button" className="button small" onClick={() => setFrom(0)}>
            {t('preview.show')}
          </button>
        ) : (
          <div className="actions">
            <button
              type="button"
              className="button small"
              disabled={from === 0}
              onClick={() => setFrom(Math.max(0, from - pageSize))}
            >
              {t('preview.before')}
            </button>
            <button
              type="button"
              className="button small"
              disabled={from + pageSize >= records}
              onClick={() => setFrom(from + pageSize)}
            >
              {t('preview.after')}
            </button>
          </div>
        )}
      </header>
      {error && <Failure error={error} />}
      {from !== undefined && isFetching && !data && <Loading />}
      {data?.records.length === 0 && <p className="empty">{t('preview.none')}</p>}
      {data && data.records.length > 0 && (
        <Rows
          rows={data.records.map(({ record }) => record)}
          columns={undefined}
          label={t('preview.title')}
        />
      )}
    </section>
  )
}
