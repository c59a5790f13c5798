import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { JsonView } from '../../parts/json-view.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'

const shownAtOnce = 200

/** The events that the run took, and all that happened to it in order, as the specification's lifecycle events. */
export function Events({ id }: { readonly id: string }) {
  const { t } = useTexts()
  const path = { params: { path: { id } } }
  const taken = useQuery({
    queryKey: ['run', id, 'events'],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{id}/events', path)),
  })
  const lifecycle = useQuery({
    queryKey: ['run', id, 'lifecycle'],
    queryFn: async () => {
      const answer = await fetch(`/api/v1/runs/${encodeURIComponent(id)}/lifecycle`)
      return (await answer.json()) as readonly LifecycleEvent[]
    },
  })
  const [shown, setShown] = useState(shownAtOnce)
  return (
    <>
      <section className="panel">
        <h2>{t('events.taken')}</h2>
        {taken.error && <Failure error={taken.error} />}
        {taken.isPending && <Loading />}
        {taken.data?.events.length === 0 && <p className="empty">{t('events.noneTaken')}</p>}
        {taken.data?.events.map(({ key, receivedAt, event }) => (
          <details key={`${event.source} ${event.id}`} className="panel-body">
            <summary>
              {event.type} <span className="hint code">{event.id}</span>
            </summary>
            <p className="hint">
              {key === undefined ? t('events.started') : t('events.waited', { key })} <Time at={receivedAt} />
            </p>
            <JsonView value={event} label={event.type} />
          </details>
        ))}
      </section>
      <section className="panel">
        <h2>{t('events.lifecycle')}</h2>
        {lifecycle.error && <Failure error={lifecycle.error} />}
        {lifecycle.isPending && <Loading />}
        {lifecycle.data && (
          <table className="table stacks">
            <thead>
              <tr>
                <th scope="col">{t('events.time')}</th>
                <th scope="col">{t('events.what')}</th>
                <th scope="col">{t('events.task')}</th>
              </tr>
            </thead>
            <tbody>
              {lifecycle.data.slice(0, shown).map((event) => (
                <tr key={event.id}>
                  <td className="nowrap">
                    <Time at={event.time} />
                  </td>
                  <td className="code">{event.type.replace(/^io\.serverlessworkflow\.|\.v1$/g, '')}</td>
                  <td className="code">{event.data.task}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {lifecycle.data && lifecycle.data.length > shown && (
        <button type="button" className="button" onClick={() => setShown(shown + 5 * shownAtOnce)}>
          {t('events.more')}
        </button>
      )}
    </>
  )
}

interface LifecycleEvent {
  readonly id: string
  readonly type: string
  readonly time: string
  readonly data: { readonly task?: string }
}
