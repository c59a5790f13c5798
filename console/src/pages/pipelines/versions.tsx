import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { Field } from '../../parts/field.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'
import { lineDifference } from './line-difference.ts'

interface Props {
  readonly namespace: string
  readonly name: string
  readonly versions: readonly string[]
  readonly shown: string
}

/** The versions that are deployed, and what differs between two of them. */
export function Versions({ namespace, name, versions, shown }: Props) {
  const { t } = useTexts()
  const [after, setAfter] = useState(shown)
  const older = versions[versions.indexOf(shown) + 1] ?? versions.find((each) => each !== shown) ?? shown
  const [before, setBefore] = useState(older)
  const one = useSource(namespace, name, before)
  const other = useSource(namespace, name, after)
  const lines = useMemo(
    () => (one.data && other.data ? lineDifference(one.data.source, other.data.source) : []),
    [one.data, other.data],
  )
  if (versions.length < 2) return <p className="empty">{t('versions.onlyOne', { version: shown })}</p>
  const error = one.error ?? other.error
  const changed = lines.some(({ kind }) => kind !== 'same')
  return (
    <>
      <div className="filters">
        {(
          [
            ['versions.before', before, setBefore],
            ['versions.after', after, setAfter],
          ] as const
        ).map(([label, value, set]) => (
          <Field key={label} label={t(label)}>
            {(attributes) => (
              <select {...attributes} value={value} onChange={({ target }) => set(target.value)}>
                {versions.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            )}
          </Field>
        ))}
      </div>
      {error && <Failure error={error} />}
      {lines.length === 0 && !error && <Loading />}
      {lines.length > 0 && !changed && <p className="empty">{t('versions.same')}</p>}
      {changed && (
        <div
          className="source"
          tabIndex={0}
          role="region"
          aria-label={t('versions.difference', { before, after })}
        >
          <ol>
            {lines.map(({ kind, text, number }, index) => (
              <li key={index} data-line={number} className={kind}>
                <span aria-hidden="true">{{ same: ' ', added: '+', removed: '−' }[kind]}</span>
                {kind !== 'same' && <span className="visually-hidden">{t(`versions.${kind}`)}</span>}
                <span>{text}</span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </>
  )
}

function useSource(namespace: string, name: string, version: string) {
  return useQuery({
    queryKey: ['pipeline', namespace, name, version],
    queryFn: () =>
      dataOf(
        api.GET('/api/v1/pipelines/{namespace}/{name}', {
          params: { path: { namespace, name }, query: { version } },
        }),
      ),
  })
}
