import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { TextFilter } from '../runs/text-filter.tsx'

/** Those who have signed in; their sessions can be ended. */
export function Users() {
  const { t } = useTexts()
  const me = useMe()
  const [text, setText] = useState('')
  const users = useQuery({
    queryKey: ['users', text],
    queryFn: () => dataOf(api.GET('/api/v1/users', { params: { query: text === '' ? {} : { text } } })),
  })
  const end = useMutation({
    mutationFn: (subject: string) =>
      dataOf(api.POST('/api/v1/users/{subject}/sign-out', { params: { path: { subject } } })),
  })
  return (
    <section className="panel">
      <header>
        <h2>{t('users.title')}</h2>
      </header>
      <div className="panel-body">
        <TextFilter label={t('users.find')} value={text} onChange={setText} />
      </div>
      {end.error && <Failure error={end.error} />}
      {end.isSuccess && (
        <p role="status" className="panel-body">
          {t('users.ended')}
        </p>
      )}
      <Loaded of={users} empty={{ when: (found) => found.users.length === 0, text: t('users.none') }}>
        {(found) => (
          <Table
            columns={[t('access.name'), t('access.roles'), t('access.groups'), t('users.lastSeen')]}
            actions
          >
            {found.users.map(({ subject, name, email, roles, groups, lastSeen }) => (
              <tr key={subject}>
                <th scope="row">
                  {name}
                  <span className="sub">{email ?? subject}</span>
                </th>
                <td data-label={t('access.roles')}>{roles.join(', ')}</td>
                <td data-label={t('access.groups')}>{groups.join(', ')}</td>
                <td data-label={t('users.lastSeen')}>
                  <Time at={lastSeen} />
                </td>
                <td className="number">
                  {me.can('users.sign-out') && (
                    <button type="button" className="button small" onClick={() => end.mutate(subject)}>
                      {t('users.signOut')}
                      <span className="visually-hidden"> {name}</span>
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
    </section>
  )
}
