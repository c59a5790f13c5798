import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiFailure, api, dataOf, type Schemas } from '../../api/client.ts'
import { useDraft } from '../../api/drafts.ts'
import { useMe } from '../../api/me.ts'
import { initialOf, isFormSchema } from '../../form/schema.ts'
import { JsonField, SchemaForm } from '../../form/schema-form.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

type Decision = 'approved' | 'rejected' | 'changes-requested'

interface Draft {
  readonly decision?: Decision
  readonly comment: string
  readonly form?: unknown
}

/** The answer. A no needs a comment; what was decided counts only for what this page shows. */
export function Decide({ approval }: { readonly approval: Schemas['Approval'] }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const schema = approval.content?.form
  const me = useMe()
  // Whose it is, is in its key: whoever signs in next in this tab sees nothing of it.
  const [{ decision, comment, form }, change, forget] = useDraft<Draft>(
    `${me.subject} approval ${approval.id}`,
    () => ({ comment: '', ...(isFormSchema(schema) && { form: initialOf(schema) }) }),
  )
  const set = (part: Partial<Draft>) => change({ ...(decision && { decision }), comment, form, ...part })
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
    onSuccess: () => {
      forget()
      return Promise.all([
        client.invalidateQueries({ queryKey: ['approval', approval.id] }),
        client.invalidateQueries({ queryKey: ['approvals'] }),
      ])
    },
  })
  const outdated = decide.error instanceof ApiFailure && decide.error.status === 409
  const needsComment = decision === 'rejected' || decision === 'changes-requested'
  return (
    <section className="panel no-print" aria-labelledby="decide">
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
                onChange={() => set({ decision: each })}
              />
              {t(`decide.${each}`)}
            </label>
          ))}
        </fieldset>
        {decision === 'approved' &&
          schema !== undefined &&
          (isFormSchema(schema) ? (
            <SchemaForm schema={schema} value={form} onChange={(next) => set({ form: next })} />
          ) : (
            <JsonField
              label={t('decide.form')}
              schema={{}}
              value={form}
              onChange={(next) => set({ form: next })}
            />
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
              onChange={({ target }) => set({ comment: target.value })}
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
