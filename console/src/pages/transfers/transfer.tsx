import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loading } from '../../parts/loading.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure, Problem, ProblemDetail, ProblemTitle } from '../../parts/problem.tsx'
import { Ago, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { addressOf } from '../pipelines/pipeline-texts.ts'
import { DeadLetters } from '../dead-letters/dead-letters.tsx'
import { DeliverAgain } from './deliver-again.tsx'
import { Preview } from './preview.tsx'
import { TransferStatus } from './transfer-status.tsx'

type Transfer = Schemas['Transfer']

/** One transfer: how far it is, for each target; what it suffers from; its records and its dead letters. */
export function TransferPage() {
  const { id = '' } = useParams<{ id: string }>()
  const { t, number } = useTexts()
  const me = useMe()
  const { data, error } = useQuery({
    queryKey: ['transfer', id],
    queryFn: () => dataOf(api.GET('/api/v1/transfers/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.endedAt === undefined ? 2000 : false),
  })
  if (error) {
    return (
      <>
        <PageTitle title={t('transfer.title')} />
        <Failure error={error} />
        <Link href="/transfers">{t('transfer.back')}</Link>
      </>
    )
  }
  if (!data) return <Loading />
  const { progress } = data
  return (
    <>
      <PageTitle title={data.source} lead={<TransferStatus status={data.status} />} />
      {data.error && <Problem title={t('transfer.failed')} problem={data.error} />}
      {data.trouble && <Trouble trouble={data.trouble} />}
      <dl className="facts">
        {data.pipeline && (
          <div>
            <dt>{t('run.pipeline')}</dt>
            <dd>
              <Link href={addressOf(data.pipeline)}>
                {data.pipeline.namespace}/{data.pipeline.name}
              </Link>
            </dd>
          </div>
        )}
        <div>
          <dt>{t('transfers.started')}</dt>
          <dd>
            <Time at={data.startedAt} />
          </dd>
        </div>
        {data.endedAt !== undefined && (
          <div>
            <dt>{t('run.ended')}</dt>
            <dd>
              <Time at={data.endedAt} />
            </dd>
          </div>
        )}
        <div>
          <dt>{t('transfers.read')}</dt>
          <dd>
            {number(data.read)}
            <Speed of={data} />
            <Worker of={data} />
          </dd>
        </div>
        <div>
          <dt>{t('transfers.bad')}</dt>
          <dd>{number(data.bad)}</dd>
        </div>
        {data.run !== undefined && (
          <div>
            <dt>{t('approval.run')}</dt>
            <dd>
              <Link className="code" href={`/runs/${encodeURIComponent(data.run)}`}>
                {data.run}
              </Link>
            </dd>
          </div>
        )}
      </dl>
      {progress && progress.total > 0 && (
        <p>
          <label>
            {t('transfer.progress')}{' '}
            <progress max={progress.total} value={progress.done}>
              {number(Math.round((100 * progress.done) / progress.total))} %
            </progress>
          </label>
        </p>
      )}
      <Targets transfer={data} />
      <section className="panel">
        <h2>{t('transfers.part.dead-letters')}</h2>
        <div className="panel-body">
          <DeadLetters transfer={id} />
        </div>
      </section>
      {me.can('transfers.data') && <Preview uri={data.dataset} records={data.records} />}
    </>
  )
}

function Targets({ transfer }: { readonly transfer: Transfer }) {
  const { t, number } = useTexts()
  const me = useMe()
  const mayDeliver =
    transfer.endedAt !== undefined && me.can('transfers.control', transfer.pipeline?.namespace)
  return (
    <section className="panel">
      <h2>{t('transfers.targets')}</h2>
      <table className="table stacks">
        <thead>
          <tr>
            {(['target', 'status', 'delivered', 'refused', 'left'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`transfer.${column}`)}
              </th>
            ))}
            {mayDeliver && (
              <th scope="col">
                <span className="visually-hidden">{t('pipelines.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {transfer.targets.map((target) => (
            <tr key={target.name}>
              <th scope="row">
                {target.name}
                <span className="sub">
                  {target.connection}, {target.mode}
                </span>
              </th>
              <td>
                <TransferStatus status={target.status} />
                <Worker of={target} />
                {target.trouble && <Trouble trouble={target.trouble} />}
                {target.error && (
                  <span className="sub run-error">
                    <ProblemTitle problem={target.error} />
                  </span>
                )}
              </td>
              <td data-label={t('transfer.delivered')}>
                {number(target.delivered)}
                <Speed of={target} />
              </td>
              <td data-label={t('transfer.refused')}>{number(target.refused)}</td>
              <td data-label={t('transfer.left')}>
                {number(Math.max(0, transfer.records - target.records))}
              </td>
              {mayDeliver && (
                <td className="number">
                  <DeliverAgain transfer={transfer} target={target.name} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Speed({ of }: { readonly of: { readonly rate?: number; readonly secondsLeft?: number } }) {
  const { t, duration } = useTexts()
  if (of.rate === undefined) return null
  return (
    <span className="sub">
      {t('transfer.rate', { count: of.rate })}
      {of.secondsLeft !== undefined &&
        `, ${t('transfer.timeLeft', { time: duration(of.secondsLeft * 1000) })}`}
    </span>
  )
}

/** Who does it, where several workers share the work. */
function Worker({ of }: { readonly of: { readonly worker?: string; readonly helpers?: string[] } }) {
  const { t } = useTexts()
  const { worker, helpers } = of
  return (
    <>
      {worker !== undefined && <span className="sub">{t('transfer.worker', { name: worker })}</span>}
      {helpers && <span className="sub">{t('transfer.helpers', { names: helpers.join(', ') })}</span>}
    </>
  )
}

function Trouble({ trouble }: { readonly trouble: NonNullable<Transfer['trouble']> }) {
  const { t } = useTexts()
  const problem = trouble.problem
  return (
    <div className="notice" data-tone="warn">
      <p>
        {t('transfer.trouble', { attempt: trouble.attempt })} <ProblemTitle problem={problem} />{' '}
        <ProblemDetail problem={problem} />
      </p>
      <p>
        {t('targets.retry')} <Ago at={trouble.next} />
      </p>
    </div>
  )
}
