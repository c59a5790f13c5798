import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { Field } from '../../parts/field.tsx'
import { LoadedPages } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark, type Tone } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { fromDanishTime } from '../../texts/formats.ts'
import { useTexts } from '../../texts/index.tsx'
import { TextFilter } from '../runs/text-filter.tsx'

const fields = ['subject', 'action', 'resource', 'namespace'] as const
type Filters = { readonly [field in (typeof fields)[number] | 'from' | 'to']: string }
const none: Filters = { subject: '', action: '', resource: '', namespace: '', from: '', to: '' }

/** The audit log: who did what to what, when, from where; and whether it is as it was written. */
export function Audit() {
  const { t } = useTexts()
  const [filters, setFilters] = useState(none)
  const query = queryOf(filters)
  const log = useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/api/v1/audit', {
          params: { query: { ...query, ...(pageParam !== undefined && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  })
  return (
    <>
      <PageTitle
        title={t('audit.title')}
        lead={t('audit.lead')}
        actions={
          <>
            <a className="button" href={exportAddress(query, 'csv')} download="audit.csv">
              {t('audit.csv')}
            </a>
            <a className="button" href={exportAddress(query, 'ndjson')} download="audit.ndjson">
              {t('audit.ndjson')}
            </a>
          </>
        }
      />
      <Verify />
      <form
        className="filters"
        role="search"
        aria-label={t('audit.filter')}
        onSubmit={(event) => event.preventDefault()}
      >
        {fields.map((field) => (
          <TextFilter
            key={field}
            label={t(`audit.${field}`)}
            value={filters[field]}
            onChange={(value) => setFilters((old) => ({ ...old, [field]: value }))}
          />
        ))}
        {(['from', 'to'] as const).map((field) => (
          <Field key={field} label={t(`audit.${field}`)}>
            {(attributes) => (
              <input
                {...attributes}
                type="datetime-local"
                value={filters[field]}
                onChange={({ target }) => setFilters((old) => ({ ...old, [field]: target.value }))}
              />
            )}
          </Field>
        ))}
      </form>
      <LoadedPages of={log} items={(page) => page.entries} empty={t('audit.none')}>
        {(entries) => <Entries entries={entries} />}
      </LoadedPages>
    </>
  )
}

const toneOf: { readonly [outcome in Schemas['AuditEntry']['outcome']]: Tone } = {
  allowed: 'still',
  done: 'good',
  refused: 'bad',
  failed: 'warn',
}

function Entries({ entries }: { readonly entries: readonly Schemas['AuditEntry'][] }) {
  const { t } = useTexts()
  return (
    <div className="audit">
      <Table
        columns={(['when', 'who', 'did', 'what', 'outcome', 'whence'] as const).map((column) =>
          t(`audit.column.${column}`),
        )}
      >
        {entries.map(({ number, at, who, action, resource, outcome, from, purpose, details }) => (
          <tr key={number}>
            <td className="nowrap">
              <Time at={at} />
              <span className="sub">{t('audit.number', { number: String(number) })}</span>
            </td>
            <td data-label={t('audit.column.who')}>
              {who.name ?? who.subject}
              <span className="sub">{who.roles?.join(', ')}</span>
            </td>
            <td data-label={t('audit.column.did')} className="code nowrap">
              {action}
            </td>
            <td data-label={t('audit.column.what')}>
              <span className="code">{resource}</span>
              {purpose !== undefined && <span className="sub">{purpose}</span>}
              {details !== undefined && <span className="sub code">{JSON.stringify(details)}</span>}
            </td>
            <td>
              <Mark tone={toneOf[outcome]}>{t(`audit.${outcome}`)}</Mark>
            </td>
            <td data-label={t('audit.column.whence')} className="nowrap">
              {from?.ip}
              <span className="sub">{from?.via}</span>
            </td>
          </tr>
        ))}
      </Table>
    </div>
  )
}

/** Goes through the whole chain; what is wrong is named. */
function Verify() {
  const { t, many } = useTexts()
  const verify = useMutation({ mutationFn: () => dataOf(api.GET('/api/v1/audit/verify')) })
  const { data } = verify
  return (
    <section className="toolbar" aria-label={t('audit.verify')}>
      <button
        type="button"
        className="button no-print"
        disabled={verify.isPending}
        onClick={() => verify.mutate()}
      >
        {t('audit.verify')}
      </button>
      {verify.error && <Failure error={verify.error} />}
      {data && (
        <div className="notice" data-tone={data.ok ? 'good' : 'bad'} role="status">
          <h2>{t(data.ok ? 'audit.intact' : 'audit.tampered')}</h2>
          <p>{many('count.entries', data.entries)}</p>
          {data.faults.map(({ number, what }) => (
            <p key={`${number}${what}`}>
              {t('audit.number', { number: String(number) })}: <span lang="en">{what}</span>
            </p>
          ))}
        </div>
      )}
    </section>
  )
}

function queryOf({ from, to, ...rest }: Filters) {
  const [after, before] = [fromDanishTime(from), fromDanishTime(to)]
  return {
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '')) as Partial<typeof rest>),
    ...(after !== undefined && { from: after }),
    ...(before !== undefined && { to: before }),
  }
}

function exportAddress({ from, to }: { from?: string; to?: string }, format: string): string {
  const parameters = new URLSearchParams({ format, ...(from && { from }), ...(to && { to }) })
  return `/api/v1/audit/export?${parameters}`
}
