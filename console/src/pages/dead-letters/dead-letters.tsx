import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { LoadedPages } from '../../parts/loaded.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark, type Tone } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
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
  const [done, setDone] = useState<number>()
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
  const act = async (action: 'replay' | 'discard') => {
    const body = { numbers: [...chosen] }
    return action === 'replay'
      ? dataOf(api.POST('/api/v1/dead-letters/replay', { body }))
      : dataOf(api.POST('/api/v1/dead-letters/discard', { body }))
  }
  const replay = useMutation({
    mutationFn: () => act('replay'),
    onSuccess: ({ letters }) => setDone(letters),
    onSettled: () => {
      setChosen(new Set())
      return client.invalidateQueries({ queryKey: ['dead-letters'] })
    },
  })
  const may = me.can('transfers.control')
  return (
    <>
      {replay.error && <Failure error={replay.error} />}
      {done !== undefined && <p role="status">{many('letters.done', done)}</p>}
      <LoadedPages of={list} items={(page) => page.letters} empty={t('letters.none')}>
        {(letters) => (
          <>
            {may && (
              <Choice letters={letters} chosen={chosen} onChoose={setChosen}>
                {chosen.size > 0 && (
                  <div className="actions">
                    <strong>{many('bulk.chosen', chosen.size)}</strong>
                    <button
                      type="button"
                      className="button small"
                      disabled={replay.isPending}
                      onClick={() => replay.mutate()}
                    >
                      {t('letters.replay')}
                    </button>
                    <button type="button" className="button small danger" onClick={() => setDiscarding(true)}>
                      {t('letters.discard')}
                    </button>
                  </div>
                )}
              </Choice>
            )}
            <Table
              columns={(['origin', 'why', 'status', 'attempts', 'time'] as const).map((column) =>
                t(`letters.${column}`),
              )}
              choose
              actions
            >
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
            </Table>
          </>
        )}
      </LoadedPages>
      {editing !== undefined && <EditLetter number={editing} onClose={() => setEditing(undefined)} />}
      {discarding && (
        <ActionDialog
          title={t('letters.discardTitle', { count: chosen.size })}
          confirm={t('letters.discard')}
          danger
          act={() => act('discard')}
          changes={['dead-letters']}
          onDone={({ letters }) => {
            setDone(letters)
            setChosen(new Set())
          }}
          onClose={() => setDiscarding(false)}
        >
          <p>{t('letters.discardText')}</p>
        </ActionDialog>
      )}
    </>
  )
}

interface ChoiceProps {
  readonly letters: readonly Letter[]
  readonly chosen: ReadonlySet<number>
  readonly onChoose: (chosen: ReadonlySet<number>) => void
  readonly children: ReactNode
}

/** Chooses all that are open at once, with what can be done with those that are chosen beside it. */
function Choice({ letters, chosen, onChoose, children }: ChoiceProps) {
  const { t } = useTexts()
  const open = letters.filter(({ status }) => status === 'open').map(({ number }) => number)
  return (
    <div className="toolbar">
      <label className="check">
        <input
          type="checkbox"
          checked={open.length > 0 && open.every((number) => chosen.has(number))}
          disabled={open.length === 0}
          onChange={({ target }) => onChoose(new Set(target.checked ? open : []))}
        />
        {t('letters.chooseAll')}
      </label>
      {children}
    </div>
  )
}
