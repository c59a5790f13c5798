import { useMutation, useQuery } from '@tanstack/react-query'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { useTexts } from '../../texts/index.tsx'

/** The connections of the project, and whether they work. Nothing of their settings is shown. */
export function Connections() {
  const { t } = useTexts()
  const connections = useQuery({
    queryKey: ['connections'],
    queryFn: () => dataOf(api.GET('/api/v1/connections')),
  })
  return (
    <>
      <PageTitle title={t('connections.title')} lead={t('connections.lead')} />
      <Loaded
        of={connections}
        empty={{ when: (found) => found.connections.length === 0, text: t('connections.none') }}
      >
        {(found) => (
          <Table
            columns={(['name', 'type', 'use', 'health'] as const).map((column) => t(`connections.${column}`))}
          >
            {found.connections.map((each) => (
              <Row key={each.name} connection={each} />
            ))}
          </Table>
        )}
      </Loaded>
    </>
  )
}

function Row({ connection }: { readonly connection: Schemas['Connection'] }) {
  const { t } = useTexts()
  const me = useMe()
  const { name, type, kind, about, source, targetModes } = connection
  const check = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/v1/connections/{connection}/check', { params: { path: { connection: name } } })),
  })
  return (
    <tr>
      <th scope="row">
        {name}
        {about !== undefined && <span className="sub">{about}</span>}
      </th>
      <td data-label={t('connections.type')}>
        {type}
        <span className="sub">{kind}</span>
      </td>
      <td data-label={t('connections.use')}>
        {source && <div>{t('connections.source')}</div>}
        {targetModes.length > 0 && <div>{t('connections.target', { modes: targetModes.join(', ') })}</div>}
      </td>
      <td>
        {me.can('connections.check') && (
          <button
            type="button"
            className="button small"
            disabled={check.isPending}
            onClick={() => check.mutate()}
          >
            {t('connections.check')}
            <span className="visually-hidden"> {name}</span>
          </button>
        )}
        {check.error && <Failure error={check.error} />}
        {check.data && (
          <p role="status">
            <Mark tone={check.data.works ? 'good' : 'bad'}>
              {t(check.data.works ? 'connections.works' : 'connections.fails')}
            </Mark>
            <span className="sub" lang="en">
              {check.data.message}
            </span>
          </p>
        )}
      </td>
    </tr>
  )
}
