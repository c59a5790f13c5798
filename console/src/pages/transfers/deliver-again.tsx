import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

interface Props {
  readonly transfer: Schemas['Transfer']
  /** By its name. */
  readonly target: string
}

/** Delivers all that a transfer staged to one of its targets once more, after a question; goes on to the new transfer. */
export function DeliverAgain({ transfer, target }: Props) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [asking, setAsking] = useState(false)
  const id = transfer.dataset.slice(transfer.dataset.lastIndexOf('/') + 1)
  const deliver = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/v1/datasets/{id}/replay', { params: { path: { id } }, body: { target } })),
    onSuccess: async (made) => {
      setAsking(false)
      await client.invalidateQueries({ queryKey: ['transfers'] })
      navigate(`/transfers/${encodeURIComponent(made.transfer)}`)
    },
  })
  return (
    <>
      <button type="button" className="button small" onClick={() => setAsking(true)}>
        {t('again.deliver')}
        <span className="visually-hidden"> {target}</span>
      </button>
      {asking && (
        <Dialog
          title={t('again.title', { target, count: transfer.records })}
          confirm={t('again.deliver')}
          busy={deliver.isPending}
          onConfirm={() => deliver.mutate()}
          onClose={() => setAsking(false)}
        >
          {deliver.error && <Failure error={deliver.error} />}
          <p>{t('again.text')}</p>
        </Dialog>
      )}
    </>
  )
}
