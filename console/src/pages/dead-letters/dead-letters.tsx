import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark, type Tone } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { EditLetter } from './edit-letter.tsx'
import { Reason } from './reason.tsx'

type Letter = Schemas['DeadLetter']

const toneOf: { readonly [status in Letter['status']]: Tone } = {
  open: 'bad',
  replaying: 'busy',
  replayed: 'good',
  discarded: 'still',
}

/** Records that could not be read, worked on or delivered: why, and what to do about it, one by one or in bulk. */
export function DeadLetters({ transfer }: { readonly transfer?: string }) {
  const { t, many } = useTexts()
  const me = useMe()
  const client = useQueryClient()
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [editing, setEditing] = useState<number>()
  const [discarding, setDiscarding] = useState(false)
  const list = useInfiniteQuery({
    queryKey: ['dead-letters', transfer],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/api/v1/dead-letters', {
          params: {
            query: {
              limit: 200,
              ...(transfer !== undefined && { transfer }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 5000,
  })
  const again = () => {
    setChosen(new Set())
    setDiscarding(false)
    return client.invalidateQueries({ queryKey: ['dead-letters'] })
  }
  const act = useMutation({
    mutationFn: async (action: 'replay' | 'discard') => {
      const body = { numbers: [...chosen] }
      return action === 'replay'
        ? dataOf(api.POST('/api/v1/dead-letters/replay', { body }))
        : dataOf(api.POST('/api/v1/dead-letters/discard', { body }))
    },
    onSettled: again,
  })
  const letters = list.data?.pages.flatMap((page) => page.letters) ?? []
  const open = letters.filter(({ status }) => status === 'open').map(({ number }) => number)
  if (list.error) return <Failure error={list.error} />
  if (list.isPending) return <Loading />
  if (letters.length === 0) return <p className="empty">{t('letters.none')}</p>
  const may = me.can('transfers.control')
  return (
    <>
      {act.error && <Failure error={act.error} />}
      {act.data && <p role="status">{many('letters.done', act.data.letters)}</p>}
      {may && (
        <div className="toolbar">
          <label className="check">
            <input
              type="checkbox"
              checked={open.length > 0 && open.every((number) => chosen.has(number))}
              disabled={open.length === 0}
              onChange={({ target }) => setChosen(new Set(target.checked ? open : []))}
            />
            {t('letters.chooseAll')}
          </label>
          {chosen.size > 0 && (
            <div className="actions">
              <strong>{many('bulk.chosen', chosen.size)}</strong>
              <button
                type="button"
                className="button small"
                disabled={act.isPending}
                onClick={() => act.mutate('replay')}
              >
                {t('letters.replay')}
              </button>
              <button type="button" className="button small danger" onClick={() => setDiscarding(true)}>
                {t('letters.discard')}
              </button>
            </div>
          )}
        </div>
      )}
      <table className="table stacks">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{t('runs.choose')}</span>
            </th>
            {(['origin', 'why', 'status', 'attempts', 'time'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`letters.${column}`)}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{t('pipelines.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => {
            const { number, origin, status, attempts, createdAt } = letter
            return (
              <tr key={number}>
                <td>
                  {may && status === 'open' && (
                    <input
                      type="checkbox"
                      aria-label={t('letters.chooseOne', { origin })}
                      checked={chosen.has(number)}
                      onChange={({ target: { checked } }) => {
                        const next = new Set(chosen)
                        if (checked) next.add(number)
                        else next.delete(number)
                        setChosen(next)
                      }}
                    />
                  )}
                </td>
                <th scope="row" className="code">
                  {origin}
                </th>
                <td data-label={t('letters.why')}>
                  <Reason letter={letter} />
                </td>
                <td>
                  <Mark tone={toneOf[status]}>{t(`letters.status.${status}`)}</Mark>
                </td>
                <td data-label={t('letters.attempts')}>{attempts}</td>
                <td data-label={t('letters.time')}>
                  <Time at={createdAt} short />
                </td>
                <td className="number">
                  {me.can('transfers.data') && (
                    <button type="button" className="button small" onClick={() => setEditing(number)}>
                      {t('letters.look')}
                      <span className="visually-hidden"> {origin}</span>
                    </button>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {list.hasNextPage && (
        <button type="button" className="button" onClick={() => void list.fetchNextPage()}>
          {t('approvals.more')}
        </button>
      )}
      {editing !== undefined && <EditLetter number={editing} onClose={() => setEditing(undefined)} />}
      {discarding && (
        <Dialog
          title={t('letters.discardTitle', { count: chosen.size })}
          confirm={t('letters.discard')}
          danger
          busy={act.isPending}
          onConfirm={() => act.mutate('discard')}
          onClose={() => setDiscarding(false)}
        >
          <p>{t('letters.discardText')}</p>
        </Dialog>
      )}
    </>
  )
}
