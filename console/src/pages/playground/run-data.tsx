import { useMutation } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

interface Props {
  /** Id of the run that one came from, or empty. */
  readonly run: string
  readonly onData: (json: string) => void
}

/** Takes the data of a real run: its input or output, or that of one of its tasks. */
export function RunData({ run: first, onData }: Props) {
  const { t } = useTexts()
  const [run, setRun] = useState(first)
  const [what, setWhat] = useState('input')
  const id = run.trim()
  const tasks = useQuery({
    queryKey: ['run', id, 'tasks'],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{id}/tasks', { params: { path: { id } } })),
    enabled: id !== '',
    retry: false,
  })
  const take = useMutation({
    mutationFn: async (): Promise<unknown> => {
      if (what === 'input' || what === 'output') {
        return (await dataOf(api.GET('/api/v1/runs/{id}/values', { params: { path: { id } } })))[what]
      }
      const [side = 'input', key = ''] = [what.slice(0, what.indexOf(' ')), what.slice(what.indexOf(' ') + 1)]
      const task = await dataOf(
        api.GET('/api/v1/runs/{id}/task', { params: { path: { id }, query: { key } } }),
      )
      return side === 'output' ? task.output : task.input
    },
    onSuccess: (value) => onData(JSON.stringify(value ?? null, undefined, 2)),
  })
  const choices = tasks.data?.tasks.slice(0, 500) ?? []
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault()
        take.mutate()
      }}
    >
      <Field label={t('playground.run')} hint={t('playground.runHint')}>
        {(attributes) => (
          <input
            {...attributes}
            className="code"
            value={run}
            onChange={({ target }) => setRun(target.value)}
          />
        )}
      </Field>
      <Field label={t('playground.what')}>
        {(attributes) => (
          <select {...attributes} value={what} onChange={({ target }) => setWhat(target.value)}>
            <option value="input">{t('run.input')}</option>
            <option value="output">{t('run.output')}</option>
            {choices.flatMap(({ key }) =>
              (['input', 'output'] as const).map((side) => (
                <option key={`${side}${key}`} value={`${side} ${key}`}>
                  {key}: {t(`task.${side}`)}
                </option>
              )),
            )}
          </select>
        )}
      </Field>
      <div className="actions">
        <button type="submit" className="button" disabled={id === '' || take.isPending}>
          {t('playground.take')}
        </button>
      </div>
      {(take.error ?? (id !== '' && tasks.error)) && <Failure error={take.error ?? tasks.error} />}
    </form>
  )
}
