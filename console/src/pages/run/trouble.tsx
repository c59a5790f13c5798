import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api, dataOf } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Ago, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import type { Run } from './run-data.ts'

/** Why a run stands still, and the way to where somebody can do something about it. */
export function Trouble({ run }: { readonly run: Run }) {
  const { t } = useTexts()
  const { stuck, waitsFor = [] } = run
  const targets = [...new Set(waitsFor.flatMap(({ target }) => (target === undefined ? [] : [target])))]
  return (
    <>
      {stuck && (
        <div className="notice" data-tone="bad" role="alert">
          <h2>{t('run.stuck')}</h2>
          <p lang="en">{stuck.detail}</p>
          <p>
            {t('run.stuckSince')} <Time at={stuck.since} />. {t('run.stuckText')}
          </p>
        </div>
      )}
      {targets.map((key) => (
        <WaitsForTarget key={key} target={key} />
      ))}
      {run.status === 'waiting' && waitsFor.some(({ kind }) => kind === 'event') && <Asked run={run} />}
    </>
  )
}

function WaitsForTarget({ target: key }: { readonly target: string }) {
  const { t } = useTexts()
  const me = useMe()
  const { data } = useQuery({
    queryKey: ['targets', key],
    queryFn: () => dataOf(api.GET('/api/v1/targets/{name}', { params: { path: { name: key } } })),
    enabled: me.can('targets.read'),
    refetchInterval: 5000,
  })
  const state = data?.breaker?.state ?? 'closed'
  return (
    <div className="notice" data-tone={state === 'closed' ? 'warn' : 'bad'} role="status">
      <h2>{t('run.waitsForTarget', { name: data?.name ?? key })}</h2>
      <p>
        {t(`run.target.${state}`)}{' '}
        {data?.breaker?.retryAt !== undefined && (
          <>
            {t('targets.retry')} <Ago at={data.breaker.retryAt} />
          </>
        )}
      </p>
      {me.can('targets.read') && <Link href="/targets">{t('run.toTargets')}</Link>}
    </div>
  )
}

/** The approval that the run waits for, where whoever looks may know of it. */
function Asked({ run }: { readonly run: Run }) {
  const { t } = useTexts()
  const me = useMe()
  const { data } = useQuery({
    queryKey: ['approvals', 'of-run', run.id],
    queryFn: () => dataOf(api.GET('/api/v1/approvals', { params: { query: { box: 'all', run: run.id } } })),
    enabled: me.can('approvals.read') || me.can('approvals.decide'),
  })
  const open = data?.approvals.filter(({ status }) => status === 'open') ?? []
  return open.map(({ id, title, deadline }) => (
    <div key={id} className="notice" data-tone="wait" role="status">
      <h2>{t('run.waitsForApproval')}</h2>
      <p>
        <Link href={`/approvals/${encodeURIComponent(id)}`}>{title}</Link>
        {deadline !== undefined && (
          <>
            {' '}
            ({t('approvals.deadline').toLowerCase()} <Ago at={deadline} />)
          </>
        )}
      </p>
    </div>
  ))
}
