import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { useTexts } from '../../texts/index.tsx'

const kinds = ['users', 'groups', 'roles'] as const
const nobody = { users: '', groups: '', roles: '' }

/** Asks others instead: for those who manage approvals, and for whoever may decide this one. */
export function Reassign({ approval }: { readonly approval: Schemas['Approval'] }) {
  const { t } = useTexts()
  const me = useMe()
  const [asking, setAsking] = useState(false)
  const [people, setPeople] = useState(nobody)
  const [comment, setComment] = useState('')
  const { id, status, mayDecide, pipeline } = approval
  const reassign = () =>
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
    )
  const manages = me.can('approvals.manage', pipeline.namespace)
  if (status !== 'open' || !(mayDecide || manages)) return null
  // Case workers hand on to colleagues; roles are for those who know what they are called.
  const offered = kinds.filter((kind) => kind !== 'roles' || manages)
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {t('reassign.open')}
      </button>
      {asking && (
        <ActionDialog
          title={t('reassign.title')}
          confirm={t('reassign.open')}
          act={reassign}
          changes={['approval', id]}
          onDone={() => {
            setPeople(nobody)
            setComment('')
          }}
          onClose={() => setAsking(false)}
        >
          <p>{t('reassign.text')}</p>
          {offered.map((kind) => (
            <Field key={kind} label={t(`reassign.${kind}`)} hint={t(`reassign.${kind}Hint`)}>
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
        </ActionDialog>
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
