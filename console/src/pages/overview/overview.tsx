import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'
import { Loading } from '../../parts/loading.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure, ProblemDetail, ProblemTitle } from '../../parts/problem.tsx'
import { toneOf, type RunStatus } from '../../parts/status.tsx'
import { Ago, Duration, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Attention } from './attention.tsx'
import { Panel } from './panel.tsx'
import { Processes } from './processes.tsx'
import { Tiles } from './tiles.tsx'

/** What an operator looks at first: what runs, what waits, what failed, what is slow, and what comes. */
export function Overview() {
  const { t } = useTexts()
  const client = useQueryClient()
  useLive(() => void client.invalidateQueries({ queryKey: ['overview'] }), 2000)
  const overview = useQuery({
    queryKey: ['overview', 'counts'],
    queryFn: () => dataOf(api.GET('/api/v1/overview')),
    refetchInterval: 30_000,
  })
  const failed = useQuery({
    queryKey: ['overview', 'failed'],
    queryFn: () => dataOf(api.GET('/api/v1/runs', { params: { query: { status: 'faulted', limit: 8 } } })),
  })
  const { data } = overview
  return (
    <>
      <PageTitle title={t('overview.title')} lead={t('overview.lead')} />
      {overview.error && <Failure error={overview.error} />}
      {overview.isPending && <Loading />}
      {data && (
        <>
          {!data.writable && (
            <div className="notice" data-tone="bad" role="alert">
              <h2>{t('overview.notWritable')}</h2>
              <p>{t('overview.notWritableText')}</p>
            </div>
          )}
          <Attention attention={data.attention} />
          <h2 className="visually-hidden">{t('overview.now')}</h2>
          <Tiles
            tiles={[
              ...(['running', 'waiting', 'suspended'] as const).map((status) =>
                tile(
                  status,
                  count(data.open, status) + (status === 'running' ? count(data.open, 'pending') : 0),
                ),
              ),
              ...(['faulted', 'completed', 'cancelled'] as const).map((status) => ({
                ...tile(status, count(data.ended, status)),
                note: t('overview.lastDay'),
              })),
            ]}
          />
          <div className="columns">
            <RunPanel
              title={t('overview.failed')}
              runs={failed.data?.runs ?? []}
              empty={t('overview.noFailed')}
              more={{ href: '/runs?status=faulted', text: t('overview.allFailed') }}
              failed
            />
            <RunPanel title={t('overview.slow')} runs={data.slow} empty={t('overview.noSlow')} />
            <Ahead ahead={data.ahead} />
            <Processes />
          </div>
        </>
      )}
    </>
  )

  function tile(status: RunStatus, number: number) {
    return {
      id: status,
      href: `/runs?status=${status}`,
      label: t(`overview.${status as 'running'}`),
      number,
      tone: toneOf[status],
    }
  }
}

function count(counts: { readonly [status: string]: number | undefined }, status: RunStatus): number {
  return counts[status] ?? 0
}

interface RunPanelProps {
  readonly title: string
  readonly runs: readonly Schemas['Run'][]
  readonly empty: string
  readonly more?: { readonly href: string; readonly text: string }
  readonly failed?: boolean
}

function RunPanel({ title, runs, empty, more, failed = false }: RunPanelProps) {
  const { t } = useTexts()
  return (
    <Panel
      title={title}
      columns={[t('runs.pipeline'), t(failed ? 'runs.ended' : 'runs.duration')]}
      empty={empty}
      more={more && <Link href={more.href}>{more.text}</Link>}
    >
      {runs.map((run) => (
        <tr key={run.id}>
          <td>
            <Link href={`/runs/${encodeURIComponent(run.id)}`}>{run.definition.name}</Link>
            <span className="sub">
              {failed && run.error ? <ProblemTitle problem={run.error} /> : run.definition.namespace}
              {failed && run.error && (
                <span className="why">
                  <ProblemDetail problem={run.error} />
                </span>
              )}
            </span>
          </td>
          <td className="number nowrap">
            {failed ? (
              <Ago at={run.endedAt ?? run.startedAt} />
            ) : (
              <Duration from={run.startedAt} to={undefined} />
            )}
          </td>
        </tr>
      ))}
    </Panel>
  )
}

type Ahead = { namespace: string; name: string; version: string; at: string }

function Ahead({ ahead }: { readonly ahead: readonly Ahead[] }) {
  const { t } = useTexts()
  return (
    <Panel
      title={t('overview.ahead')}
      columns={[t('runs.pipeline'), t('overview.at')]}
      empty={t('overview.noAhead')}
    >
      {ahead.map(({ namespace, name, version, at }) => (
        <tr key={`${namespace}/${name}/${version}`}>
          <td>
            <Link href={`/pipelines/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}>
              {name}
            </Link>
            <span className="sub">
              {namespace} {version}
            </span>
          </td>
          <td className="number">
            <Time at={at} short />
            <span className="sub">
              <Ago at={at} />
            </span>
          </td>
        </tr>
      ))}
    </Panel>
  )
}
