import { useQuery } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import { Field } from '../../parts/field.tsx'
import { runStatuses } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'
import { TextFilter } from './text-filter.tsx'
import { noFilters, type RunFilters } from './filters.ts'

interface Props {
  readonly filters: RunFilters
  readonly onChange: (changes: Partial<RunFilters>) => void
}

export function FilterForm({ filters, onChange }: Props) {
  const { t } = useTexts()
  const { data } = useQuery({
    queryKey: ['pipelines'],
    queryFn: () => dataOf(api.GET('/api/v1/pipelines')),
    staleTime: 30_000,
  })
  const pipelines = [...new Set(data?.pipelines.map(({ namespace, name }) => `${namespace}/${name}`))].sort()
  const pipeline = filters.name === '' ? '' : `${filters.namespace}/${filters.name}`
  const isSet = Object.values<string | readonly string[]>({ ...filters }).some((value) => value.length > 0)
  return (
    <form
      className="filters"
      role="search"
      aria-label={t('runs.filter')}
      onSubmit={(event) => event.preventDefault()}
    >
      <fieldset>
        <legend>{t('runs.status')}</legend>
        <div className="chips">
          {runStatuses
            .filter((status) => status !== 'pending')
            .map((status) => (
              <label key={status} className="chip">
                <input
                  type="checkbox"
                  checked={filters.status.includes(status)}
                  onChange={({ target }) =>
                    onChange({
                      status: target.checked
                        ? [...filters.status, status]
                        : filters.status.filter((each) => each !== status),
                    })
                  }
                />
                {t(`status.${status}`)}
              </label>
            ))}
          <label className="chip">
            <input
              type="checkbox"
              checked={filters.stuck === 'true'}
              onChange={({ target }) => onChange({ stuck: target.checked ? 'true' : '' })}
            />
            {t('runs.stuck')}
          </label>
        </div>
      </fieldset>
      <TextFilter
        label={t('runs.text')}
        hint={t('runs.textHint')}
        value={filters.text}
        onChange={(text) => onChange({ text })}
      />
      <TextFilter
        label={t('runs.correlation')}
        hint={t('runs.correlationHint')}
        value={filters.correlation}
        onChange={(correlation) => onChange({ correlation })}
      />
      <Field label={t('runs.pipeline')}>
        {(attributes) => (
          <select
            {...attributes}
            value={pipeline}
            onChange={({ target }) => {
              const at = target.value.indexOf('/')
              onChange({
                namespace: target.value.slice(0, Math.max(at, 0)),
                name: target.value.slice(at + 1),
              })
            }}
          >
            <option value="">{t('runs.anyPipeline')}</option>
            {pipeline !== '' && !pipelines.includes(pipeline) && <option>{pipeline}</option>}
            {pipelines.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('runs.from')}>
        {(attributes) => (
          <input
            {...attributes}
            type="datetime-local"
            value={filters.from}
            onChange={({ target }) => onChange({ from: target.value })}
          />
        )}
      </Field>
      <Field label={t('runs.to')}>
        {(attributes) => (
          <input
            {...attributes}
            type="datetime-local"
            value={filters.to}
            onChange={({ target }) => onChange({ to: target.value })}
          />
        )}
      </Field>
      <div className="actions">
        <button type="button" className="button" disabled={!isSet} onClick={() => onChange(noFilters)}>
          {t('runs.clear')}
        </button>
      </div>
    </form>
  )
}
