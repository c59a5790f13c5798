import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'

type Pipeline = Schemas['Pipeline']

/** Lets a pipeline start no more runs, or start them again: after a question, because it changes what happens tonight. */
export function EnableButton({ pipeline }: { readonly pipeline: Pipeline }) {
  const { t } = useTexts()
  const me = useMe()
  const [asking, setAsking] = useState(false)
  const { namespace, name, title = name, disabled } = pipeline
  if (!me.can('pipelines.control', namespace)) return null
  const action = disabled ? 'enable' : 'disable'
  const change = () =>
    dataOf(
      api.POST(`/api/v1/pipelines/{namespace}/{name}/${action}`, { params: { path: { namespace, name } } }),
    )
  return (
    <>
      <button
        type="button"
        className={`button${disabled ? ' primary' : ' danger'}`}
        onClick={() => setAsking(true)}
      >
        {t(`pipeline.${action}`)}
      </button>
      {asking && (
        <ActionDialog
          title={t(`pipeline.${action}Title`, { title })}
          confirm={t(`pipeline.${action}`)}
          danger={action === 'disable'}
          act={change}
          changes={['pipeline', namespace, name]}
          onClose={() => setAsking(false)}
        >
          <p>{t(`pipeline.${action}Text`)}</p>
        </ActionDialog>
      )}
    </>
  )
}

/** Why nothing starts, above all else on the page. */
export function DisabledNotice({ disabled }: { readonly disabled: NonNullable<Pipeline['disabled']> }) {
  const { t } = useTexts()
  return (
    <div className="notice" data-tone="warn" role="status">
      <h2>{t('pipeline.isDisabled')}</h2>
      <p>
        {t('pipeline.disabledSince')} <Time at={disabled.at} />
        {disabled.by !== undefined && `, ${disabled.by}`}. {t('pipeline.disabledText')}
      </p>
    </div>
  )
}
