import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { Mark } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Preview } from './preview.tsx'

/** The datasets that transfers have read, the newest first; a preview of the one that is chosen. */
export function Datasets() {
  const { t, number } = useTexts()
  const me = useMe()
  const [chosen, setChosen] = useState<Schemas['Dataset']>()
  const datasets = useQuery({
    queryKey: ['datasets'],
    queryFn: () => dataOf(api.GET('/api/v1/datasets', { params: { query: { limit: 200 } } })),
  })
  return (
    <>
      <Loaded
        of={datasets}
        empty={{ when: (found) => found.datasets.length === 0, text: t('datasets.none') }}
      >
        {(found) => (
          <Table
            columns={(['source', 'created', 'records', 'state'] as const).map((column) =>
              t(`datasets.${column}`),
            )}
            actions
          >
            {found.datasets.map((dataset) => (
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
          </Table>
        )}
      </Loaded>
      {chosen && <Preview key={chosen.id} uri={chosen.uri} records={chosen.records} />}
    </>
  )
}
