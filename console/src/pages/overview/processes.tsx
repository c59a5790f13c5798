import { useQuery } from '@tanstack/react-query'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Mark, type Tone } from '../../parts/status.tsx'
import { Ago } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Panel } from './panel.tsx'

type Process = Schemas['Process']

const toneOf: { readonly [state in Process['state']]: Tone } = {
  alive: 'good',
  stopping: 'warn',
  gone: 'bad',
}

/** Servers and workers, where there are several; a single one has nothing to tell that the page does not show. */
export function Processes() {
  const { t, many } = useTexts()
  const me = useMe()
  const { data } = useQuery({
    queryKey: ['overview', 'processes'],
    queryFn: () => dataOf(api.GET('/api/v1/processes')),
    refetchInterval: 10_000,
    enabled: me.can('operation.read'),
  })
  const processes = data?.processes ?? []
  if (processes.length < 2) return undefined
  return (
    <Panel title={t('processes.title')} columns={[t('processes.process'), t('processes.state')]}>
      {processes.map((each) => (
        <tr key={each.id}>
          <td>
            {t(`processes.role.${each.role}`)}
            <span className="sub">
              {each.host}, {each.pid} · {each.version}
            </span>
            <span className="sub">{doesOf(each)}</span>
          </td>
          <td className="number nowrap">
            <Mark tone={toneOf[each.state]}>{t(`processes.state.${each.state}`)}</Mark>
            <span className="sub">
              {t(each.state === 'gone' ? 'processes.lastSeen' : 'processes.started')}{' '}
              <Ago at={each.state === 'gone' ? each.seenAt : each.startedAt} />
            </span>
          </td>
        </tr>
      ))}
    </Panel>
  )

  function doesOf({ leads, works, liveRuns }: Process): string {
    const parts = [
      ...(leads ? [t('processes.leads')] : []),
      ...(works ? [many('processes.runs', liveRuns)] : []),
    ]
    return parts.join(', ')
  }
}
