import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark, type Tone } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { LimitsDialog } from './limits-dialog.tsx'

type Target = Schemas['Target']

/** The systems that pipelines call: whether they answer, what waits for them, and what an operator can do about it. */
export function Targets() {
  const { t } = useTexts()
  const targets = useQuery({
    queryKey: ['targets'],
    queryFn: () => dataOf(api.GET('/api/v1/targets')),
    refetchInterval: 5000,
  })
  return (
    <>
      <PageTitle title={t('targets.title')} lead={t('targets.lead')} />
      <Loaded of={targets} empty={{ when: (found) => found.targets.length === 0, text: t('targets.none') }}>
        {(found) => (
          <Table
            columns={(['name', 'breaker', 'limits', 'calls', 'waiting'] as const).map((column) =>
              t(`targets.${column}`),
            )}
            actions
          >
            {[...found.targets].sort(downFirst).map((target) => (
              <Row key={target.key} target={target} />
            ))}
          </Table>
        )}
      </Loaded>
    </>
  )
}

/** What is down comes first: who looks here at night looks for that. */
function downFirst(one: Target, other: Target): number {
  const rank = ({ breaker }: Target) => ['open', 'half-open', 'held'].indexOf(breaker?.state ?? 'closed')
  return ((rank(one) + 4) % 4) - ((rank(other) + 4) % 4)
}

const toneOf: { readonly [state: string]: Tone } = {
  closed: 'good',
  open: 'bad',
  'half-open': 'warn',
  held: 'warn',
}

function Row({ target }: { readonly target: Target }) {
  const { t, number } = useTexts()
  const { name, key, breaker, limits, queued, waiting, attempts, failures, retries, policies } = target
  const state = breaker?.state ?? 'closed'
  return (
    <tr>
      <th scope="row">
        {name}
        <span className="sub code">{key}</span>
      </th>
      <td>
        <Mark tone={toneOf[state] ?? 'still'}>{t(`targets.state.${state}`)}</Mark>
        {breaker?.retryAt !== undefined && (
          <span className="sub">
            {t('targets.retry')} <Ago at={breaker.retryAt} />
          </span>
        )}
        <span className="sub">
          {t('targets.policy', {
            name: policies.breaker === 'built-in' ? t('targets.builtIn') : policies.breaker,
          })}
        </span>
      </td>
      <td data-label={t('targets.limits')}>
        {limits.concurrency !== undefined && (
          <div>{t('targets.concurrency', { count: limits.concurrency })}</div>
        )}
        {limits.perSecond !== undefined && <div>{t('targets.perSecond', { count: limits.perSecond })}</div>}
        {limits.concurrency === undefined && limits.perSecond === undefined && t('targets.noLimits')}
        {target.limitsChanged && <span className="sub">{t('targets.changed')}</span>}
        {limits.pausedUntil !== undefined && (
          <span className="sub">
            {t('targets.paused')} <Ago at={limits.pausedUntil} />
          </span>
        )}
      </td>
      <td data-label={t('targets.calls')}>
        {number(attempts)}
        <span className="sub">{t('targets.failures', { failures, retries })}</span>
      </td>
      <td data-label={t('targets.waiting')}>
        {number(waiting + queued)}
        <span className="sub">{t('targets.running', { count: limits.running })}</span>
      </td>
      <td>
        <Actions target={target} state={state} />
      </td>
    </tr>
  )
}

function Actions({ target, state }: { readonly target: Target; readonly state: string }) {
  const { t } = useTexts()
  const me = useMe()
  const client = useQueryClient()
  const [limiting, setLimiting] = useState(false)
  const act = useMutation({
    mutationFn: (action: 'reset' | 'hold' | 'release') =>
      dataOf(api.POST(`/api/v1/targets/{name}/${action}`, { params: { path: { name: target.key } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['targets'] }),
  })
  if (!me.can('targets.control')) return null
  const possible =
    state === 'held'
      ? (['release'] as const)
      : state === 'closed'
        ? (['hold'] as const)
        : (['reset', 'hold'] as const)
  return (
    <div className="actions">
      {act.error && <Failure error={act.error} />}
      {possible.map((action) => (
        <button
          key={action}
          type="button"
          className="button small"
          disabled={act.isPending}
          onClick={() => act.mutate(action)}
        >
          {t(`targets.${action}`)}
          <span className="visually-hidden"> {target.name}</span>
        </button>
      ))}
      <button type="button" className="button small" onClick={() => setLimiting(true)}>
        {t('targets.setLimits')}
        <span className="visually-hidden"> {target.name}</span>
      </button>
      {limiting && <LimitsDialog target={target} onClose={() => setLimiting(false)} />}
    </div>
  )
}
