import type { Schemas } from '../../api/client.ts'
import { JsonView } from '../../parts/json-view.tsx'
import { Mark } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'

type Shown = NonNullable<Schemas['Approval']['content']>['show'][number]

/** What somebody is to look at before they decide: a document, a table, and what differs from what was delivered last. */
export function ShownPart({ part }: { readonly part: Shown }) {
  const { t, many } = useTexts()
  const title = part.title ?? t(`shown.${part.kind}`)
  return (
    <section className="panel">
      <header>
        <h2>{title}</h2>
        {part.count !== undefined && <span className="hint">{many('count.rows', part.count)}</span>}
      </header>
      {part.difference && <Difference difference={part.difference} />}
      {part.document !== undefined && (
        <div className="panel-body">
          <Document value={part.document} label={title} />
        </div>
      )}
      {part.rows && <Rows rows={part.rows} columns={part.columns} label={title} />}
      {part.rows && part.count !== undefined && part.rows.length < part.count && (
        <p className="hint panel-body">{t('shown.first', { count: part.rows.length })}</p>
      )}
    </section>
  )
}

/** A flat map reads as a list of facts; anything else as JSON. */
function Document({ value, label }: { readonly value: unknown; readonly label: string }) {
  const entries =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  const flat = entries.length > 0 && entries.every(([, each]) => typeof each !== 'object' || each === null)
  if (!flat) return <JsonView value={value} label={label} />
  return (
    <dl className="facts">
      {entries.map(([name, each]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{cellText(each)}</dd>
        </div>
      ))}
    </dl>
  )
}

interface RowsProps {
  readonly rows: readonly unknown[]
  readonly columns: Shown['columns']
  readonly label: string
}

export function Rows({ rows, columns, label }: RowsProps) {
  const shown =
    columns ??
    [
      ...new Set(rows.flatMap((row) => (typeof row === 'object' && row !== null ? Object.keys(row) : []))),
    ].map((field) => ({ field, title: field }))
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {shown.map(({ field, title }) => (
              <th key={field} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {shown.map(({ field }) => (
                <td key={field}>{cellText((row as { [field: string]: unknown } | null)?.[field])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Difference({ difference }: { readonly difference: NonNullable<Shown['difference']> }) {
  const { t, number } = useTexts()
  const tones = { added: 'good', removed: 'bad', changed: 'warn', same: 'still' } as const
  return (
    <div className="panel-body">
      <h3>{t('shown.difference')}</h3>
      <p className="actions">
        {(['added', 'removed', 'changed', 'same'] as const).map((kind) => (
          <Mark key={kind} tone={tones[kind]}>
            {t(`shown.${kind}`)}: {number(difference[kind])}
          </Mark>
        ))}
      </p>
      {difference.samples.length > 0 && (
        <table className="table stacks">
          <thead>
            <tr>
              <th scope="col">{t('shown.change')}</th>
              <th scope="col">{t('shown.place')}</th>
              <th scope="col">{t('shown.before')}</th>
              <th scope="col">{t('shown.after')}</th>
            </tr>
          </thead>
          <tbody>
            {difference.samples.map(({ kind, place, before, after }) => (
              <tr key={`${kind}${place}`}>
                <td>
                  <Mark tone={tones[kind]}>{t(`shown.${kind}`)}</Mark>
                </td>
                <td data-label={t('shown.place')} className="code">
                  {place}
                </td>
                <td data-label={t('shown.before')}>{cellText(before)}</td>
                <td data-label={t('shown.after')}>{cellText(after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
}
