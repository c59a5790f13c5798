import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { Field } from '../../parts/field.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { fromDanishTime } from '../../texts/formats.ts'
import { useTexts } from '../../texts/index.tsx'

/** Who stands in for whom while they are away. */
export function Delegations() {
  const { t } = useTexts()
  const client = useQueryClient()
  const delegations = useQuery({
    queryKey: ['delegations'],
    queryFn: () => dataOf(api.GET('/api/v1/delegations')),
  })
  const [to, setTo] = useState('')
  const [until, setUntil] = useState('')
  const [reason, setReason] = useState('')
  const settled = () => client.invalidateQueries({ queryKey: ['delegations'] })
  const make = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/delegations', {
          body: { to, endsAt: fromDanishTime(until) ?? until, ...(reason.trim() !== '' && { reason }) },
        }),
      ),
    onSuccess: settled,
  })
  const end = useMutation({
    mutationFn: (id: string) =>
      dataOf(api.POST('/api/v1/delegations/{id}/end', { params: { path: { id } } })),
    onSuccess: settled,
  })
  const failure = make.error ?? end.error
  return (
    <>
      {failure && <Failure error={failure} />}
      <Loaded
        of={delegations}
        empty={{ when: (found) => found.delegations.length === 0, text: t('delegations.none') }}
      >
        {(found) => (
          <Table
            columns={(['from', 'to', 'begins', 'ends', 'reason'] as const).map((column) =>
              t(`delegations.${column}`),
            )}
            actions
          >
            {found.delegations.map((each) => (
              <tr key={each.id}>
                <td data-label={t('delegations.from')}>{each.from}</td>
                <td data-label={t('delegations.to')}>{each.to}</td>
                <td data-label={t('delegations.begins')}>
                  <Time at={each.beginsAt} />
                </td>
                <td data-label={t('delegations.ends')}>
                  <Time at={each.endsAt} />
                </td>
                <td data-label={t('delegations.reason')}>{each.reason}</td>
                <td className="number">
                  <button type="button" className="button small" onClick={() => end.mutate(each.id)}>
                    {t('delegations.end')}
                  </button>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
      <section className="panel">
        <h2>{t('delegations.new')}</h2>
        <form
          className="panel-body stack"
          onSubmit={(event) => {
            event.preventDefault()
            make.mutate()
          }}
        >
          <Field label={t('delegations.to')} hint={t('delegations.toHint')}>
            {(attributes) => (
              <input {...attributes} required value={to} onChange={({ target }) => setTo(target.value)} />
            )}
          </Field>
          <Field label={t('delegations.ends')}>
            {(attributes) => (
              <input
                {...attributes}
                type="datetime-local"
                required
                value={until}
                onChange={({ target }) => setUntil(target.value)}
              />
            )}
          </Field>
          <Field label={t('form.optional', { name: t('delegations.reason') })}>
            {(attributes) => (
              <input {...attributes} value={reason} onChange={({ target }) => setReason(target.value)} />
            )}
          </Field>
          <div className="actions">
            <button type="submit" className="button primary" disabled={make.isPending}>
              {t('delegations.make')}
            </button>
          </div>
        </form>
      </section>
    </>
  )
}
