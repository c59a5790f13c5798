import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { useTexts } from '../../texts/index.tsx'

interface Props {
  readonly target: Schemas['Target']
  readonly onClose: () => void
}

/** Other limits than the connection declares, until they are changed again; empty: those that it declares. */
export function LimitsDialog({ target, onClose }: Props) {
  const { t } = useTexts()
  const [concurrency, setConcurrency] = useState(String(target.limits.concurrency ?? ''))
  const [perSecond, setPerSecond] = useState(String(target.limits.perSecond ?? ''))
  const change = () =>
    dataOf(
      api.POST('/api/v1/targets/{name}/limits', {
        params: { path: { name: target.key } },
        body: {
          ...(concurrency !== '' && { concurrency: Number(concurrency) }),
          ...(perSecond !== '' && { perSecond: Number(perSecond) }),
        },
      }),
    )
  return (
    <ActionDialog
      title={t('targets.limitsOf', { name: target.name })}
      confirm={t('targets.setLimits')}
      act={change}
      changes={['targets']}
      onClose={onClose}
    >
      <p>{t('targets.limitsText')}</p>
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
    </ActionDialog>
  )
}
