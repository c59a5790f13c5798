import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Mark } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { NewKey } from './new-key.tsx'
import { Users } from './users.tsx'

type Key = Schemas['Key']

/** Who has access: oneself, keys of machines and of one's own, and those who have signed in. */
export function Access() {
  const { t } = useTexts()
  const me = useMe()
  return (
    <>
      <PageTitle title={t('access.title')} />
      {me.known && (
        <section className="panel">
          <h2>{t('access.me')}</h2>
          <dl className="facts panel-body">
            <div>
              <dt>{t('access.name')}</dt>
              <dd>{me.known.name}</dd>
            </div>
            <div>
              <dt>{t('access.roles')}</dt>
              <dd>{me.known.roles.join(', ')}</dd>
            </div>
            {me.known.groups.length > 0 && (
              <div>
                <dt>{t('access.groups')}</dt>
                <dd>{me.known.groups.join(', ')}</dd>
              </div>
            )}
          </dl>
        </section>
      )}
      <Keys />
      {me.can('users.read') && <Users />}
    </>
  )
}

function Keys() {
  const { t } = useTexts()
  const me = useMe()
  const [revoking, setRevoking] = useState<Key>()
  const keys = useQuery({
    queryKey: ['keys'],
    queryFn: () => dataOf(api.GET('/api/v1/keys')),
  })
  return (
    <section className="panel">
      <header>
        <h2>{t('access.keys')}</h2>
        {(me.can('keys.create') || me.can('keys.own')) && <NewKey />}
      </header>
      <Loaded of={keys} empty={{ when: (found) => found.keys.length === 0, text: t('access.noKeys') }}>
        {(found) => (
          <Table
            columns={(['key', 'roles', 'expires', 'used', 'state'] as const).map((column) =>
              t(`access.${column}`),
            )}
            actions
          >
            {found.keys.map((key) => {
              const expired = Date.parse(key.expiresAt) < Date.now()
              const over = key.revokedAt !== undefined || expired
              return (
                <tr key={key.id}>
                  <th scope="row">
                    {key.name}
                    <span className="sub code">{key.prefix}…</span>
                  </th>
                  <td data-label={t('access.roles')}>{key.roles.join(', ')}</td>
                  <td data-label={t('access.expires')}>
                    <Time at={key.expiresAt} />
                  </td>
                  <td data-label={t('access.used')}>
                    {key.usedAt === undefined ? t('access.never') : <Time at={key.usedAt} />}
                  </td>
                  <td>
                    <Mark tone={over ? 'still' : 'good'}>
                      {t(
                        key.revokedAt !== undefined
                          ? 'access.revoked'
                          : expired
                            ? 'access.expired'
                            : 'access.valid',
                      )}
                    </Mark>
                  </td>
                  <td className="number">
                    {!over && (
                      <button type="button" className="button small danger" onClick={() => setRevoking(key)}>
                        {t('access.revoke')}
                        <span className="visually-hidden"> {key.name}</span>
                      </button>
                    )}
                  </td>
                </tr>
              )
            })}
          </Table>
        )}
      </Loaded>
      {revoking && (
        <ActionDialog
          title={t('access.revokeTitle', { name: revoking.name })}
          confirm={t('access.revoke')}
          danger
          act={() => dataOf(api.POST('/api/v1/keys/{id}/revoke', { params: { path: { id: revoking.id } } }))}
          changes={['keys']}
          onClose={() => setRevoking(undefined)}
        >
          <p>{t('access.revokeText')}</p>
        </ActionDialog>
      )}
    </section>
  )
}
