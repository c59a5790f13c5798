import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

/** Other limits than the connection declares, until they are changed again; empty: those that it declares. */
export function LimitsDialog({
  target,
  onClose,
}: {
  readonly target: Schemas['Target']
  readonly onClose: () => void
}) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [concurrency, setConcurrency] = useState(String(target.limits.concurrency ?? ''))
  const [perSecond, setPerSecond] = useState(String(target.limits.perSecond ?? ''))
  const change = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/targets/{name}/limits', {
          params: { path: { name: target.key } },
          body: {
            ...(concurrency !== '' && { concurrency: Number(concurrency) }),
            ...(perSecond !== '' && { perSecond: Number(perSecond) }),
          },
        }),
      ),
    onSuccess: async () => {
      onClose()
      await client.invalidateQueries({ queryKey: ['targets'] })
    },
  })
  return (
    <Dialog
      title={t('targets.limitsOf', { name: target.name })}
      confirm={t('targets.setLimits')}
      busy={change.isPending}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    >
      <p>{t('targets.limitsText')}</p>
      {change.error && <Failure error={change.error} />}
      <Field label={t('targets.atOnce')}>
        {(attributes) => (
          <input
            {...attributes}
            type="number"
            min={1}
            value={concurrency}
            onChange={({ target: { value } }) => setConcurrency(value)}
          />
        )}
      </Field>
      <Field label={t('targets.eachSecond')}>
        {(attributes) => (
          <input
            {...attributes}
            type="number"
            min={0}
            step="any"
            value={perSecond}
            onChange={({ target: { value } }) => setPerSecond(value)}
          />
        )}
      </Field>
    </Dialog>
  )
}
