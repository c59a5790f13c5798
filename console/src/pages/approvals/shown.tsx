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
      {part.difference && <Difference difference={part.difference} columns={part.columns} />}
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

/** What there is to look at, as people read it: names and values, one within the other; a list is numbered. */
function Document({ value, label }: { readonly value: unknown; readonly label: string }) {
  const texts = useTexts()
  if (typeof value !== 'object' || value === null) return <p>{valueText(value, texts)}</p>
  return (
    <div role="group" aria-label={label}>
      <Members value={value} depth={0} />
    </div>
  )
}

/** Deeper than this it is no document that somebody reads: it is shown as it came. */
const deepest = 6

function Members({ value, depth }: { readonly value: object; readonly depth: number }) {
  const texts = useTexts()
  if (depth > deepest) return <JsonView value={value} label={texts.t('shown.document')} />
  const entries = Array.isArray(value)
    ? value.map((each, index) => [`${index + 1}.`, each as unknown] as const)
    : Object.entries(value)
  const plain = entries.filter(([, each]) => typeof each !== 'object' || each === null)
  const nested = entries.filter((entry): entry is [string, object] => !plain.includes(entry))
  return (
    <>
      {plain.length > 0 && (
        <dl className="facts">
          {plain.map(([name, each]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{valueText(each, texts)}</dd>
            </div>
          ))}
        </dl>
      )}
      {nested.map(([name, each]) => (
        <div key={name} className="nested" role="group" aria-label={name}>
          <p className="nested-name">{name}</p>
          <Members value={each} depth={depth + 1} />
        </div>
      ))}
    </>
  )
}

interface RowsProps {
  readonly rows: readonly unknown[]
  readonly columns: Shown['columns']
  readonly label: string
}

export function Rows({ rows, columns, label }: RowsProps) {
  const texts = useTexts()
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
                <td key={field}>{valueText((row as { [field: string]: unknown } | null)?.[field], texts)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface DifferenceProps {
  readonly difference: NonNullable<Shown['difference']>
  readonly columns: Shown['columns']
}

function Difference({ difference, columns }: DifferenceProps) {
  const texts = useTexts()
  const { t, number } = texts
  const titles = new Map(columns?.map(({ field, title }) => [field, title]))
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
                <td data-label={t('shown.place')}>{placeText(place)}</td>
                <td data-label={t('shown.before')}>{valueText(before, texts, titles)}</td>
                <td data-label={t('shown.after')}>{valueText(after, texts, titles)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

/** `/bilag/0/sider` is where a program finds it; people count from one. */
function placeText(place: string): string {
  if (!place.startsWith('/')) return place
  return place
    .slice(1)
    .split('/')
    .map((step) =>
      /^\d+$/.test(step) ? `${Number(step) + 1}.` : step.replaceAll('~1', '/').replaceAll('~0', '~'),
    )
    .join(' › ')
}

/** A value on one line. Numbers stay as they came: they may be a year, or the number of a case. */
function valueText(
  value: unknown,
  texts: ReturnType<typeof useTexts>,
  titles?: ReadonlyMap<string, string>,
): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'boolean') return texts.t(value ? 'shown.yes' : 'shown.no')
  if (Array.isArray(value)) return value.map((each) => valueText(each, texts)).join(', ')
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, each]) => `${titles?.get(name) ?? name}: ${valueText(each, texts)}`)
    .join(', ')
}
