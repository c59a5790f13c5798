import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

const kinds = ['users', 'groups', 'roles'] as const
const nobody = { users: '', groups: '', roles: '' }

/** Asks others instead: for those who manage approvals, and for whoever may decide this one. */
export function Reassign({ approval }: { readonly approval: Schemas['Approval'] }) {
  const { t } = useTexts()
  const me = useMe()
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [people, setPeople] = useState(nobody)
  const [comment, setComment] = useState('')
  const { id, status, mayDecide, pipeline } = approval
  const reassign = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/approvals/{id}/reassign', {
          params: { path: { id } },
          body: {
            to: {
              users: namesIn(people.users),
              groups: namesIn(people.groups),
              roles: namesIn(people.roles),
            },
            comment,
          },
        }),
      ),
    onSuccess: () => {
      setAsking(false)
      setPeople(nobody)
      setComment('')
      return client.invalidateQueries({ queryKey: ['approval', id] })
    },
  })
  if (status !== 'open' || !(mayDecide || me.can('approvals.manage', pipeline.namespace))) return null
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {t('reassign.open')}
      </button>
      {asking && (
        <Dialog
          title={t('reassign.title')}
          confirm={t('reassign.open')}
          busy={reassign.isPending}
          onConfirm={() => reassign.mutate()}
          onClose={() => setAsking(false)}
        >
          {reassign.error && <Failure error={reassign.error} />}
          <p>{t('reassign.text')}</p>
          {kinds.map((kind) => (
            <Field key={kind} label={t(`reassign.${kind}`)}>
              {(attributes) => (
                <input
                  {...attributes}
                  value={people[kind]}
                  onChange={({ target }) => setPeople({ ...people, [kind]: target.value })}
                />
              )}
            </Field>
          ))}
          <Field label={t('decide.comment')}>
            {(attributes) => (
              <input {...attributes} value={comment} onChange={({ target }) => setComment(target.value)} />
            )}
          </Field>
        </Dialog>
      )}
    </>
  )
}

/** Names with commas between them. */
function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
