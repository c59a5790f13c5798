import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'
import { isOver, type Run } from './run-data.ts'

type Action = 'suspend' | 'resume'

export function RunActions({ run, onRerun }: { readonly run: Run; readonly onRerun: () => void }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [cancelling, setCancelling] = useState(false)
  const act = useMutation({
    mutationFn: (action: Action) =>
      dataOf(api.POST(`/api/v1/runs/{id}/${action}`, { params: { path: { id: run.id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['run', run.id] }),
  })
  return (
    <>
      {act.error && <Failure error={act.error} />}
      {!isOver(run) &&
        (run.status === 'suspended' ? (
          <button
            type="button"
            className="button"
            disabled={act.isPending}
            onClick={() => act.mutate('resume')}
          >
            {t('action.resume')}
          </button>
        ) : (
          <button
            type="button"
            className="button"
            disabled={act.isPending}
            onClick={() => act.mutate('suspend')}
          >
            {t('action.suspend')}
          </button>
        ))}
      {!isOver(run) && (
        <button type="button" className="button danger" onClick={() => setCancelling(true)}>
          {t('action.cancel')}
        </button>
      )}
      <button type="button" className="button primary" onClick={onRerun}>
        {t('action.rerun')}
      </button>
      {cancelling && (
        <ActionDialog
          title={t('run.cancelTitle')}
          confirm={t('action.cancel')}
          danger
          act={() => dataOf(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id: run.id } } }))}
          changes={['run', run.id]}
          onClose={() => setCancelling(false)}
        >
          <p>{t('explain.cancel')}</p>
        </ActionDialog>
      )}
    </>
  )
}
