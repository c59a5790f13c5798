import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { LoadedPages } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Table } from '../../parts/table.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Ago, Deadline, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { ApprovalStatus } from './approval-status.tsx'
import { Delegations } from './delegations.tsx'

const boxes = ['inbox', 'mine', 'all', 'stand-ins'] as const

/** What waits for whoever is signed in, the oldest first; what they took part in; and who stands in for them. */
export function Approvals() {
  const { t } = useTexts()
  const [parameters] = useSearchParams()
  const asked = parameters.get('box')
  const box = boxes.find((each) => each === asked) ?? 'inbox'
  return (
    <>
      <PageTitle title={t('approvals.title')} lead={t('approvals.lead')} />
      <Tabs
        label={t('approvals.boxes')}
        current={box}
        tabs={boxes.map((each) => ({ id: each, text: t(`approvals.box.${each}`), href: `?box=${each}` }))}
      />
      {box === 'stand-ins' ? <Delegations /> : <Box key={box} box={box} />}
    </>
  )
}

function Box({ box }: { readonly box: 'inbox' | 'mine' | 'all' }) {
  const { t } = useTexts()
  const list = useInfiniteQuery({
    queryKey: ['approvals', box],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/api/v1/approvals', {
          params: { query: { box, ...(pageParam !== undefined && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 20_000,
  })
  return (
    <LoadedPages
      of={list}
      items={(page) => page.approvals}
      empty={t(box === 'inbox' ? 'approvals.noneWait' : 'approvals.none')}
    >
      {(approvals) => (
        <Table
          columns={(['what', 'status', 'opened', 'deadline', 'approvedBy'] as const).map((column) =>
            t(`approvals.${column}`),
          )}
        >
          {approvals.map((approval) => (
            <Row key={approval.id} approval={approval} />
          ))}
        </Table>
      )}
    </LoadedPages>
  )
}

function Row({ approval }: { readonly approval: Schemas['ApprovalSummary'] }) {
  const { t } = useTexts()
  const me = useMe()
  const { id, title, pipeline, status, openedAt, deadline, votes, quorum, claim } = approval
  return (
    <tr>
      <th scope="row">
        <Link href={`/approvals/${encodeURIComponent(id)}`}>{title}</Link>
        {me.can('runs.read', pipeline.namespace) && (
          <span className="sub">
            {pipeline.namespace}/{pipeline.name}
          </span>
        )}
      </th>
      <td>
        <ApprovalStatus status={status} />
        {claim && (
          <span className="sub">
            {claim.subject === me.subject
              ? t('approvals.claimedByMe')
              : t('approvals.claimedBy', { name: claim.name })}
          </span>
        )}
      </td>
      <td data-label={t('approvals.opened')}>
        <Time at={openedAt} short />
      </td>
      <td data-label={t('approvals.deadline')}>
        {deadline !== undefined && (
          <>
            <Deadline at={deadline} />
            <span className="sub">
              <Ago at={deadline} />
            </span>
          </>
        )}
      </td>
      <td data-label={t('approvals.approvedBy')}>{t('approvals.votes', { count: votes.length, quorum })}</td>
    </tr>
  )
}
