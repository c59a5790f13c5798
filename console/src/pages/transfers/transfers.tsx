import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { api, dataOf } from '../../api/client.ts'
import { LoadedPages } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Table } from '../../parts/table.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Datasets } from './datasets.tsx'
import { DeadLetters } from '../dead-letters/dead-letters.tsx'
import { TransferStatus } from './transfer-status.tsx'

const parts = ['transfers', 'dead-letters', 'datasets'] as const

/** Records on their way: the transfers, what could not be delivered, and the datasets between source and targets. */
export function Transfers() {
  const { t } = useTexts()
  const [parameters] = useSearchParams()
  const asked = parameters.get('part')
  const part = parts.find((each) => each === asked) ?? 'transfers'
  return (
    <>
      <PageTitle title={t('transfers.title')} lead={t('transfers.lead')} />
      <Tabs
        label={t('transfers.parts')}
        current={part}
        tabs={parts.map((each) => ({ id: each, text: t(`transfers.part.${each}`), href: `?part=${each}` }))}
      />
      {part === 'transfers' && <TransferList troubled={parameters.get('troubled') === 'true'} />}
      {part === 'dead-letters' && <DeadLetters />}
      {part === 'datasets' && <Datasets />}
    </>
  )
}

function TransferList({ troubled }: { readonly troubled: boolean }) {
  const { t, number } = useTexts()
  const list = useInfiniteQuery({
    queryKey: ['transfers', troubled],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/api/v1/transfers', {
          params: {
            query: {
              ...(troubled && { troubled: true as const }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 5000,
  })
  return (
    <>
      {troubled && (
        <p>
          {t('attention.transfers')}: {t('attention.transfersNote')}.{' '}
          <Link href="/transfers">{t('transfers.all')}</Link>
        </p>
      )}
      <LoadedPages of={list} items={(page) => page.transfers} empty={t('transfers.none')}>
        {(transfers) => (
          <Table
            columns={(['what', 'status', 'started', 'read', 'bad', 'targets'] as const).map((column) =>
              t(`transfers.${column}`),
            )}
          >
            {transfers.map(({ id, status, pipeline, source, startedAt, read, bad, targets, kind }) => (
              <tr key={id}>
                <th scope="row">
                  <Link href={`/transfers/${encodeURIComponent(id)}`}>{source}</Link>
                  <span className="sub">
                    {kind === 'replay' && `${t('transfers.replay')} `}
                    {pipeline && `${pipeline.namespace}/${pipeline.name}`}
                  </span>
                </th>
                <td>
                  <TransferStatus status={status} />
                </td>
                <td data-label={t('transfers.started')}>
                  <Time at={startedAt} short />
                </td>
                <td data-label={t('transfers.read')}>{number(read)}</td>
                <td data-label={t('transfers.bad')}>{number(bad)}</td>
                <td data-label={t('transfers.targets')}>{targets.join(', ')}</td>
              </tr>
            ))}
          </Table>
        )}
      </LoadedPages>
    </>
  )
}
