import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loading } from '../../parts/loading.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Ago, Deadline, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { ApprovalStatus } from './approval-status.tsx'
import { Decide } from './decide.tsx'
import { Markdown } from './markdown.tsx'
import { Reassign } from './reassign.tsx'
import { ShownPart } from './shown.tsx'

type Approval = Schemas['Approval']

/** One approval: what is asked, what to look at, the answer, and what happened to it. */
export function ApprovalPage() {
  const { id = '' } = useParams<{ id: string }>()
  const { t, maybe } = useTexts()
  const { data, error } = useQuery({
    queryKey: ['approval', id],
    queryFn: () => dataOf(api.GET('/api/v1/approvals/{id}', { params: { path: { id } } })),
    refetchOnWindowFocus: false,
  })
  if (error) {
    return (
      <>
        <PageTitle title={t('approval.title')} />
        <Failure error={error} />
        <Link href="/approvals">{t('approval.back')}</Link>
      </>
    )
  }
  if (!data) return <Loading />
  const { content, outcome, status } = data
  return (
    <>
      <PageTitle
        title={data.title}
        lead={<ApprovalStatus status={status} />}
        actions={
          <>
            <Claim approval={data} />
            <Reassign approval={data} />
          </>
        }
      />
      <Facts approval={data} />
      {outcome && (
        <div className="notice" data-tone={outcome.decision === 'approved' ? 'good' : 'bad'}>
          <h2>{t(`approval.outcome.${outcome.decision}`)}</h2>
          <p>
            {outcome.reason !== undefined && `${t(`approval.reason.${outcome.reason}`)} `}
            {outcome.by.length > 0 &&
              `${t('approval.by', { names: outcome.by.map(({ name }) => name).join(', ') })} `}
            <Time at={outcome.at} />
          </p>
          {outcome.comment !== undefined && <p>{outcome.comment}</p>}
        </div>
      )}
      {content ? (
        <>
          {content.description.length > 0 && (
            <section className="panel">
              <h2>{t('approval.asked')}</h2>
              <div className="panel-body">
                <Markdown nodes={content.description} />
              </div>
            </section>
          )}
          {content.show.map((part, index) => (
            <ShownPart key={index} part={part} />
          ))}
        </>
      ) : (
        <p className="empty panel-body">{t('approval.noContent')}</p>
      )}
      {status === 'open' && data.mayDecide && <Decide approval={data} />}
      {status === 'open' && !data.mayDecide && (
        <div className="notice" data-tone="still">
          <h2>{t('approval.mayNot')}</h2>
          {data.why !== undefined && <p>{maybe(`why.${data.why}`) ?? data.why}</p>}
        </div>
      )}
      <History approval={data} />
    </>
  )
}

function Facts({ approval }: { readonly approval: Approval }) {
  const { t } = useTexts()
  const me = useMe()
  const { pipeline, run, status, openedAt, deadline, quorum, votes, fourEyes } = approval
  return (
    <dl className="facts">
      <div>
        <dt>{t('approvals.opened')}</dt>
        <dd>
          <Time at={openedAt} />
        </dd>
      </div>
      {deadline !== undefined && (
        <div>
          <dt>{t('approvals.deadline')}</dt>
          <dd>
            <Deadline at={deadline} /> (<Ago at={deadline} />)
            {status === 'open' && <div className="hint">{t('approval.deadlineText')}</div>}
          </dd>
        </div>
      )}
      <div>
        <dt>{t('approvals.approvedBy')}</dt>
        <dd>
          {t('approvals.votes', { count: votes.length, quorum })}
          {votes.length > 0 && `: ${votes.map(({ name }) => name).join(', ')}`}
        </dd>
      </div>
      {fourEyes && (
        <div>
          <dt>{t('approval.fourEyes')}</dt>
          <dd>{t('approval.fourEyesText')}</dd>
        </div>
      )}
      {me.can('runs.read', pipeline.namespace) && (
        <>
          <div>
            <dt>{t('runs.pipeline')}</dt>
            <dd>
              {pipeline.namespace}/{pipeline.name} {pipeline.version}
            </dd>
          </div>
          <div>
            <dt>{t('approval.run')}</dt>
            <dd>
              <Link className="code" href={`/runs/${encodeURIComponent(run)}`}>
                {run}
              </Link>
            </dd>
          </div>
        </>
      )}
    </dl>
  )
}

/** Taken on by somebody, so that others leave it to them; or given back. */
function Claim({ approval }: { readonly approval: Approval }) {
  const { t } = useTexts()
  const me = useMe()
  const client = useQueryClient()
  const { id, status, claim, mayDecide } = approval
  const change = useMutation({
    mutationFn: (action: 'claim' | 'release') =>
      dataOf(api.POST(`/api/v1/approvals/{id}/${action}`, { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['approval', id] }),
  })
  if (status !== 'open') return null
  const mine = claim?.subject === me.subject
  return (
    <>
      {change.error && <Failure error={change.error} />}
      {claim && !mine && <span className="hint">{t('approvals.claimedBy', { name: claim.name })}</span>}
      {mine && (
        <button
          type="button"
          className="button"
          disabled={change.isPending}
          onClick={() => change.mutate('release')}
        >
          {t('approval.release')}
        </button>
      )}
      {!claim && mayDecide && (
        <button
          type="button"
          className="button"
          disabled={change.isPending}
          onClick={() => change.mutate('claim')}
        >
          {t('approval.claim')}
        </button>
      )}
    </>
  )
}

function History({ approval }: { readonly approval: Approval }) {
  const { t, maybe } = useTexts()
  return (
    <section className="panel">
      <h2>{t('approval.history')}</h2>
      <table className="table stacks">
        <thead>
          <tr>
            <th scope="col">{t('audit.column.when')}</th>
            <th scope="col">{t('audit.column.did')}</th>
            <th scope="col">{t('audit.column.who')}</th>
          </tr>
        </thead>
        <tbody>
          {approval.events.map(({ at, kind, subject, data }, index) => {
            const { comment, name } = (data ?? {}) as { comment?: unknown; name?: unknown }
            return (
              <tr key={`${at}${index}`}>
                <td className="nowrap">
                  <Time at={at} />
                </td>
                <td>
                  {maybe(`approval.event.${kind}`) ?? kind}
                  {typeof comment === 'string' && comment !== '' && <span className="sub">{comment}</span>}
                </td>
                <td data-label={t('audit.column.who')}>
                  {typeof name === 'string' ? name : (subject ?? t('approval.bySystem'))}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
