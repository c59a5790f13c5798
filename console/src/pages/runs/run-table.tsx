import { useEffect, useRef } from 'react'
import { Link } from 'wouter'
import type { Schemas } from '../../api/client.ts'
import { ProblemTitle } from '../../parts/problem.tsx'
import { Status } from '../../parts/status.tsx'
import { useRows } from '../../parts/use-rows.ts'
import { Duration, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'

type Run = Schemas['Run']

interface Props {
  readonly runs: readonly Run[]
  readonly selected: ReadonlySet<string>
  readonly onSelect: (selected: ReadonlySet<string>) => void
  /** Present where there are more runs than these. */
  readonly more: { readonly busy: boolean; load(): void } | undefined
}

/** Only the rows that are seen are in the page, so that 100,000 scroll like 100. */
export function RunTable({ runs, selected, onSelect, more }: Props) {
  const { t, maybe } = useTexts()
  const table = useRef<HTMLTableElement>(null)
  const { before, after, ...visible } = useRows({
    table,
    count: runs.length,
    height: 66,
    overscan: 12,
    keyOf: (index) => runs[index]?.id ?? index,
  })
  const last = visible.shown.at(-1) ?? 0
  const load = more?.busy === false ? more.load : undefined
  useEffect(() => {
    if (last >= runs.length - 30) load?.()
    // `load` is another one each time; what counts is how far one has scrolled.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [last, runs.length, load === undefined])
  const all = runs.length > 0 && runs.every(({ id }) => selected.has(id))

  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected)
    if (on) next.add(id)
    else next.delete(id)
    onSelect(next)
  }
  return (
    <>
      <label className="check no-print">
        <input
          type="checkbox"
          checked={all}
          onChange={({ target }) => onSelect(new Set(target.checked ? runs.map(({ id }) => id) : []))}
        />
        {t('runs.chooseAll')}
      </label>
      <table
        ref={table}
        className="table stacks run-table"
        role="table"
        aria-rowcount={more ? -1 : runs.length + 1}
      >
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>
            <th role="columnheader" scope="col" className="choose">
              <span className="visually-hidden">{t('runs.choose')}</span>
            </th>
            {(['status', 'pipeline', 'started', 'duration', 'by', 'id'] as const).map((column) => (
              <th key={column} role="columnheader" scope="col">
                {t(`runs.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {before > 0 && <tr role="presentation" className="spacer" style={{ height: before }} />}
          {visible.shown.map((index) => {
            const run = runs[index]
            if (!run) return null
            const { namespace, name, version } = run.definition
            const { error } = run
            return (
              <tr key={run.id} role="row" aria-rowindex={index + 2} data-index={index} ref={visible.measure}>
                <td role="cell" className="choose">
                  <input
                    type="checkbox"
                    aria-label={t('runs.chooseOne', { id: run.id })}
                    checked={selected.has(run.id)}
                    onChange={({ target }) => toggle(run.id, target.checked)}
                  />
                </td>
                <td role="cell">
                  <Status status={run.status} />
                </td>
                <td role="cell" className="run-name">
                  <Link href={`/runs/${encodeURIComponent(run.id)}`}>{name}</Link>
                  <span className="sub">
                    {namespace} {version}
                    {error && (
                      <span className="run-error">
                        {' '}
                        <ProblemTitle problem={error} />
                      </span>
                    )}
                  </span>
                </td>
                <td role="cell" data-label={t('runs.started')} className="nowrap">
                  <Time at={run.startedAt} short />
                </td>
                <td role="cell" data-label={t('runs.duration')} className="nowrap">
                  <Duration from={run.startedAt} to={run.endedAt} />
                </td>
                <td role="cell" data-label={t('runs.by')}>
                  {run.by !== undefined && (maybe(`by.${run.by}`) ?? run.by)}
                </td>
                <td role="cell" data-label={t('runs.id')} className="code">
                  {run.id}
                </td>
              </tr>
            )
          })}
          {after > 0 && <tr role="presentation" className="spacer" style={{ height: after }} />}
        </tbody>
      </table>
      {more && (
        <p className="no-print">
          <button type="button" className="button" disabled={more.busy} onClick={more.load}>
            {t(more.busy ? 'loading' : 'runs.more')}
          </button>
        </p>
      )}
    </>
  )
}
