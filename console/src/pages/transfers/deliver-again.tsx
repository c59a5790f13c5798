import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { useTexts } from '../../texts/index.tsx'

interface Props {
  readonly transfer: Schemas['Transfer']
  /** By its name. */
  readonly target: string
}

/** Delivers all that a transfer staged to one of its targets once more, after a question; goes on to the new transfer. */
export function DeliverAgain({ transfer, target }: Props) {
  const { t } = useTexts()
  const [, navigate] = useLocation()
  const [asking, setAsking] = useState(false)
  const id = transfer.dataset.slice(transfer.dataset.lastIndexOf('/') + 1)
  return (
    <>
      <button type="button" className="button small" onClick={() => setAsking(true)}>
        {t('again.deliver')}
        <span className="visually-hidden"> {target}</span>
      </button>
      {asking && (
        <ActionDialog
          title={t('again.title', { target, count: transfer.records })}
          confirm={t('again.deliver')}
          act={() =>
            dataOf(api.POST('/api/v1/datasets/{id}/replay', { params: { path: { id } }, body: { target } }))
          }
          changes={['transfers']}
          onDone={(made) => navigate(`/transfers/${encodeURIComponent(made.transfer)}`)}
          onClose={() => setAsking(false)}
        >
          <p>{t('again.text')}</p>
        </ActionDialog>
      )}
    </>
  )
}
