import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, dataOf } from '../../api/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Field } from '../../parts/field.tsx'
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

/** As many as one can look through; the others are found by a part of their key. */
const mostChoices = 500

/** Run again: from where, in which version, with which input. Leads to the new run. */
export function RerunDialog({ run, rows, from: first, onClose }: Props) {
  const { t } = useTexts()
  const [, go] = useLocation()
  const [from, setFrom] = useState(first)
  const [find, setFind] = useState('')
  const [definition, setDefinition] = useState<'original' | 'newest'>('original')
  const [input, setInput] = useState<string>()
  const parsed = input === undefined ? undefined : parse(input)
  const rerun = () =>
    dataOf(
      api.POST('/api/v1/runs/{id}/rerun', {
        params: { path: { id: run.id } },
        body: {
          definition,
          ...(from !== '' && { from }),
          ...(parsed?.ok === true && { input: parsed.value }),
        },
      }),
    )
  const words = find.trim().toLowerCase()
  const found = rows.filter(({ task }) => task.key.toLowerCase().includes(words))
  const choices = found.slice(0, mostChoices)
  const listed = from === '' || choices.some(({ task }) => task.key === from)
  return (
    <ActionDialog
      title={t('rerun.title')}
      confirm={t('rerun.confirm')}
      incomplete={parsed?.ok === false}
      act={rerun}
      changes={['runs']}
      onDone={({ id }) => go(`/runs/${encodeURIComponent(id)}`)}
      onClose={onClose}
    >
      <p>{t('explain.rerun')}</p>
      {rows.length > mostChoices && (
        <Field
          label={t('timeline.find')}
          hint={t('rerun.findHint', { shown: choices.length, all: found.length })}
        >
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              value={find}
              onChange={({ target }) => setFind(target.value)}
            />
          )}
        </Field>
      )}
      <Field label={t('rerun.from')} hint={t('rerun.fromHint')}>
        {(attributes) => (
          <select {...attributes} value={from} onChange={({ target }) => setFrom(target.value)}>
            <option value="">{t('rerun.beginning')}</option>
            {!listed && <option>{from}</option>}
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
    </ActionDialog>
  )
}

function parse(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false }
  }
}
