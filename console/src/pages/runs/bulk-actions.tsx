import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

const actions = ['cancel', 'rerun', 'suspend', 'resume'] as const
type Action = (typeof actions)[number]

/** The API takes so many at a time. */
const mostAtOnce = 500

/** One action on all the runs that are chosen; what became of them is said. */
export function BulkActions({
  ids,
  onDone,
}: {
  readonly ids: readonly string[]
  readonly onDone: () => void
}) {
  const { t, many } = useTexts()
  const [asked, setAsked] = useState<Action>()
  const act = useMutation({
    mutationFn: async (action: Action) => {
      const results = []
      for (let at = 0; at < ids.length; at += mostAtOnce) {
        const body = { action, ids: ids.slice(at, at + mostAtOnce) }
        results.push(...(await dataOf(api.POST('/api/v1/runs/bulk', { body }))).results)
      }
      return results
    },
    onSettled: () => setAsked(undefined),
    onSuccess: onDone,
  })
  const refused = act.data?.filter(({ ok }) => !ok) ?? []
  return (
    <div className="actions">
      {act.error && <Failure error={act.error} />}
      {act.data && (
        <p role="status">
          {many('bulk.done', act.data.length - refused.length)}
          {refused.length > 0 && ` ${many('bulk.refused', refused.length)}`}
        </p>
      )}
      {ids.length > 0 && (
        <>
          <strong>{many('bulk.chosen', ids.length)}</strong>
          {actions.map((action) => (
            <button
              key={action}
              type="button"
              className={`button small${action === 'cancel' ? ' danger' : ''}`}
              onClick={() => setAsked(action)}
            >
              {t(`action.${action}`)}
            </button>
          ))}
        </>
      )}
      {asked && (
        <Dialog
          title={t(`bulk.${asked}`, { count: ids.length })}
          confirm={t(`action.${asked}`)}
          danger={asked === 'cancel'}
          busy={act.isPending}
          onConfirm={() => act.mutate(asked)}
          onClose={() => setAsked(undefined)}
        >
          <p>{t(`explain.${asked}`)}</p>
        </Dialog>
      )}
    </div>
  )
}
