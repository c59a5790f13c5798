import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Preview } from './preview.tsx'

/** The datasets that transfers have read, the newest first; a preview of the one that is chosen. */
export function Datasets() {
  const { t, number } = useTexts()
  const me = useMe()
  const [chosen, setChosen] = useState<Schemas['Dataset']>()
  const { data, error } = useQuery({
    queryKey: ['datasets'],
    queryFn: () => dataOf(api.GET('/api/v1/datasets', { params: { query: { limit: 200 } } })),
  })
  if (error) return <Failure error={error} />
  if (!data) return <Loading />
  if (data.datasets.length === 0) return <p className="empty">{t('datasets.none')}</p>
  return (
    <>
      <table className="table stacks">
        <thead>
          <tr>
            {(['source', 'created', 'records', 'state'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`datasets.${column}`)}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{t('pipelines.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data.datasets.map((dataset) => (
            <tr key={dataset.id}>
              <th scope="row">
                {dataset.source}
                <span className="sub code">{dataset.uri}</span>
              </th>
              <td data-label={t('datasets.created')}>
                <Time at={dataset.createdAt} short />
              </td>
              <td data-label={t('datasets.records')}>{number(dataset.records)}</td>
              <td>
                <Mark tone={dataset.erasedAt !== undefined ? 'still' : dataset.complete ? 'good' : 'warn'}>
                  {t(
                    dataset.erasedAt !== undefined
                      ? 'datasets.erased'
                      : dataset.complete
                        ? 'datasets.complete'
                        : 'datasets.incomplete',
                  )}
                </Mark>
                {dataset.personalData && <span className="sub">{t('datasets.personal')}</span>}
              </td>
              <td className="number">
                {me.can('transfers.data') && dataset.erasedAt === undefined && (
                  <button type="button" className="button small" onClick={() => setChosen(dataset)}>
                    {t('preview.choose')}
                    <span className="visually-hidden"> {dataset.source}</span>
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {chosen && <Preview key={chosen.id} uri={chosen.uri} records={chosen.records} />}
    </>
  )
}
