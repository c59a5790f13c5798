import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { JsonField } from '../../form/schema-form.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Reason } from './reason.tsx'

/** One record that could not be delivered: look at it, correct it, and send it again. What is hidden stays as it was. */
export function EditLetter({ number, onClose }: { readonly number: number; readonly onClose: () => void }) {
  const { t } = useTexts()
  const me = useMe()
  const client = useQueryClient()
  const [record, setRecord] = useState<{ readonly value: unknown }>()
  const path = { params: { path: { number } } }
  const letter = useQuery({
    queryKey: ['dead-letter', number],
    queryFn: () => dataOf(api.GET('/api/v1/dead-letters/{number}', path)),
    refetchOnWindowFocus: false,
  })
  const send = useMutation({
    mutationFn: async () => {
      if (record) {
        await dataOf(api.PUT('/api/v1/dead-letters/{number}', { ...path, body: { record: record.value } }))
      }
      return dataOf(api.POST('/api/v1/dead-letters/replay', { body: { numbers: [number] } }))
    },
    onSuccess: async () => {
      onClose()
      await client.invalidateQueries({ queryKey: ['dead-letters'] })
    },
  })
  const shown: unknown = letter.data?.record ?? letter.data?.raw
  const editable = letter.data?.status === 'open' && me.can('transfers.control')
  return (
    <Dialog
      title={t('letters.record', { origin: letter.data?.origin ?? '' })}
      confirm={t(!editable ? 'letters.close' : record ? 'letters.saveAndReplay' : 'letters.replay')}
      busy={send.isPending}
      onConfirm={() => (editable ? send.mutate() : onClose())}
      onClose={onClose}
    >
      {(letter.error ?? send.error) && <Failure error={letter.error ?? send.error} />}
      {letter.isPending && <Loading />}
      {letter.data && (
        <p>
          <Reason letter={letter.data} />
        </p>
      )}
      {letter.data && shown === undefined && <p>{t('letters.notShown')}</p>}
      {letter.data &&
        (editable ? (
          <JsonField
            label={t('letters.json')}
            schema={{ description: t('letters.hidden') }}
            value={shown}
            onChange={(value) => setRecord({ value })}
          />
        ) : (
          shown !== undefined && <JsonView value={shown} label={t('letters.json')} />
        ))}
    </Dialog>
  )
}
