import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiFailure, api, dataOf, type Schemas } from '../../api/client.ts'
import { initialOf, isFormSchema } from '../../form/schema.ts'
import { JsonField, SchemaForm } from '../../form/schema-form.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

type Decision = 'approved' | 'rejected' | 'changes-requested'

/** The answer. A no needs a comment; what was decided counts only for what this page shows. */
export function Decide({ approval }: { readonly approval: Schemas['Approval'] }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const schema = approval.content?.form
  const [decision, setDecision] = useState<Decision>()
  const [comment, setComment] = useState('')
  const [form, setForm] = useState<unknown>(() => (isFormSchema(schema) ? initialOf(schema) : undefined))
  const decide = useMutation({
    mutationFn: (chosen: Decision) =>
      dataOf(
        api.POST('/api/v1/approvals/{id}/decide', {
          params: { path: { id: approval.id } },
          body: {
            decision: chosen,
            version: approval.version,
            ...(comment.trim() !== '' && { comment }),
            ...(chosen === 'approved' && form !== undefined && { form }),
          },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['approval', approval.id] }),
        client.invalidateQueries({ queryKey: ['approvals'] }),
      ]),
  })
  const outdated = decide.error instanceof ApiFailure && decide.error.status === 409
  const needsComment = decision === 'rejected' || decision === 'changes-requested'
  return (
    <section className="panel" aria-labelledby="decide">
      <h2 id="decide">{t('decide.title')}</h2>
      <form
        className="panel-body stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (decision) decide.mutate(decision)
        }}
      >
        {decide.error && <Failure error={decide.error} />}
        {outdated && (
          <button
            type="button"
            className="button"
            onClick={() => void client.invalidateQueries({ queryKey: ['approval', approval.id] })}
          >
            {t('decide.again')}
          </button>
        )}
        <fieldset>
          <legend>{t('decide.question')}</legend>
          {(['approved', 'rejected', 'changes-requested'] as const).map((each) => (
            <label key={each} className="check">
              <input
                type="radio"
                name="decision"
                required
                checked={decision === each}
                onChange={() => setDecision(each)}
              />
              {t(`decide.${each}`)}
            </label>
          ))}
        </fieldset>
        {decision === 'approved' &&
          schema !== undefined &&
          (isFormSchema(schema) ? (
            <SchemaForm schema={schema} value={form} onChange={setForm} />
          ) : (
            <JsonField label={t('decide.form')} schema={{}} value={form} onChange={setForm} />
          ))}
        <Field
          label={needsComment ? t('decide.comment') : t('form.optional', { name: t('decide.comment') })}
          hint={t('decide.commentHint')}
        >
          {(attributes) => (
            <textarea
              {...attributes}
              rows={4}
              maxLength={10_000}
              required={needsComment}
              value={comment}
              onChange={({ target }) => setComment(target.value)}
            />
          )}
        </Field>
        <div className="actions">
          <button type="submit" className="button primary" disabled={decide.isPending}>
            {t('decide.send')}
          </button>
        </div>
      </form>
    </section>
  )
}
