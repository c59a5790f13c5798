import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, dataOf } from '../../api/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'
import type { Run } from './run-data.ts'
import type { TaskRow } from './task-tree.ts'

interface Props {
  readonly run: Run
  readonly rows: readonly TaskRow[]
  /** Key of a task; empty: from the beginning. */
  readonly from: string
  readonly onClose: () => void
}

/** More would only be found by searching, and the timeline is for that. */
const mostChoices = 500

/** Run again: from where, in which version, with which input. Leads to the new run. */
export function RerunDialog({ run, rows, from: first, onClose }: Props) {
  const { t } = useTexts()
  const [, go] = useLocation()
  const [from, setFrom] = useState(first)
  const [definition, setDefinition] = useState<'original' | 'newest'>('original')
  const [input, setInput] = useState<string>()
  const parsed = input === undefined ? undefined : parse(input)
  const rerun = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/runs/{id}/rerun', {
          params: { path: { id: run.id } },
          body: {
            definition,
            ...(from !== '' && { from }),
            ...(parsed?.ok === true && { input: parsed.value }),
          },
        }),
      ),
    onSuccess: ({ id }) => {
      onClose()
      go(`/runs/${encodeURIComponent(id)}`)
    },
  })
  const choices = rows.slice(0, mostChoices)
  return (
    <Dialog
      title={t('rerun.title')}
      confirm={t('rerun.confirm')}
      busy={rerun.isPending || parsed?.ok === false}
      onConfirm={() => rerun.mutate()}
      onClose={onClose}
    >
      <p>{t('explain.rerun')}</p>
      {rerun.error && <Failure error={rerun.error} />}
      <Field label={t('rerun.from')} hint={t('rerun.fromHint')}>
        {(attributes) => (
          <select {...attributes} value={from} onChange={({ target }) => setFrom(target.value)}>
            <option value="">{t('rerun.beginning')}</option>
            {first !== '' && !choices.some(({ task }) => task.key === first) && <option>{first}</option>}
            {choices.map(({ task, name, pass, depth }) => (
              <option key={task.key} value={task.key}>
                {`${'  '.repeat(depth)}${name} ${pass}`}
              </option>
            ))}
          </select>
        )}
      </Field>
      <fieldset>
        <legend>{t('rerun.definition')}</legend>
        {(['original', 'newest'] as const).map((each) => (
          <label key={each} className="check">
            <input
              type="radio"
              name="definition"
              checked={definition === each}
              onChange={() => setDefinition(each)}
            />
            {t(`rerun.${each}`, { version: run.definition.version })}
          </label>
        ))}
      </fieldset>
      <label className="check">
        <input
          type="checkbox"
          checked={input !== undefined}
          onChange={({ target }) => setInput(target.checked ? '{}' : undefined)}
        />
        {t('rerun.otherInput')}
      </label>
      {input !== undefined && (
        <Field label={t('rerun.input')} error={parsed?.ok === false ? t('json.invalid') : undefined}>
          {(attributes) => (
            <textarea
              {...attributes}
              className="code"
              rows={6}
              spellCheck={false}
              value={input}
              onChange={({ target }) => setInput(target.value)}
            />
          )}
        </Field>
      )}
    </Dialog>
  )
}

function parse(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false }
  }
}
