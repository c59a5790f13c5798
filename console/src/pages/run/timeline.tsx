import { useMemo, useRef } from 'react'
import { useSearchParams } from 'wouter'
import { Status, toneOf } from '../../parts/status.tsx'
import { Duration, Time } from '../../parts/time.tsx'
import { useRows } from '../../parts/use-rows.ts'
import { useNow } from '../../parts/use-now.ts'
import { useTexts } from '../../texts/index.tsx'
import { TextFilter } from '../runs/text-filter.tsx'
import type { Run } from './run-data.ts'
import { TaskPanel } from './task-panel.tsx'
import type { TaskRow } from './task-tree.ts'

interface Props {
  readonly run: Run
  readonly rows: readonly TaskRow[]
  readonly onRerun: (key: string) => void
}

/** Every task of a run with its time; one that is chosen opens below its row. Only what is seen is in the page. */
export function Timeline({ run, rows, onRerun }: Props) {
  const { t, many } = useTexts()
  const [parameters, setParameters] = useSearchParams()
  const chosen = parameters.get('task')
  const text = parameters.get('find') ?? ''
  const onlyFailed = parameters.get('failed') === 'true'
  const shown = useMemo(() => {
    const words = text.toLowerCase()
    return rows.filter(
      ({ task, status }) =>
        (words === '' || task.key.toLowerCase().includes(words)) && (!onlyFailed || status === 'faulted'),
    )
  }, [rows, text, onlyFailed])
  const set = (name: string, value: string | undefined) =>
    setParameters(
      (old) => {
        const next = new URLSearchParams(old)
        if (value === undefined || value === '') next.delete(name)
        else next.set(name, value)
        return next
      },
      { replace: true },
    )

  const table = useRef<HTMLTableElement>(null)
  const { before, after, ...visible } = useRows({
    table,
    count: shown.length,
    height: 45,
    overscan: 15,
    keyOf: (index) => shown[index]?.task.key ?? index,
  })
  const span = useSpan(run)
  return (
    <>
      <div className="filters">
        <TextFilter label={t('timeline.find')} value={text} onChange={(value) => set('find', value)} />
        <label className="check">
          <input
            type="checkbox"
            checked={onlyFailed}
            onChange={({ target }) => set('failed', target.checked ? 'true' : undefined)}
          />
          {t('timeline.onlyFailed')}
        </label>
        <p role="status">{many('count.tasks', shown.length)}</p>
      </div>
      {shown.length === 0 ? (
        <p className="empty">{t('timeline.none')}</p>
      ) : (
        <table ref={table} className="table timeline" role="table" aria-rowcount={shown.length + 1}>
          <thead role="rowgroup">
            <tr role="row" aria-rowindex={1}>
              {(['task', 'status', 'started', 'course', 'duration'] as const).map((column) => (
                <th key={column} role="columnheader" scope="col" className={`column-${column}`}>
                  {t(`timeline.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          {before > 0 && <Spacer height={before} />}
          {visible.shown.map((index) => {
            const row = shown[index]
            if (!row) return null
            const { key } = row.task
            const open = chosen === key
            return (
              <tbody key={key} role="rowgroup" data-index={index} ref={visible.measure}>
                <TaskLine
                  row={row}
                  index={index}
                  span={span}
                  open={open}
                  onToggle={() => set('task', open ? undefined : key)}
                />
                {open && (
                  <tr role="row">
                    <td role="cell" colSpan={5} className="task-panel">
                      <TaskPanel run={run} row={row} onRerun={() => onRerun(key)} />
                    </td>
                  </tr>
                )}
              </tbody>
            )
          })}
          {after > 0 && <Spacer height={after} />}
        </table>
      )}
    </>
  )
}

function Spacer({ height }: { readonly height: number }) {
  return (
    <tbody role="presentation">
      <tr role="presentation" className="spacer" style={{ height }} />
    </tbody>
  )
}

interface Span {
  readonly from: number
  readonly length: number
  readonly now: number
}

/** From the start of the run to its end, or until now. */
function useSpan({ startedAt, endedAt }: Run): Span {
  const now = useNow(1000, endedAt === undefined)
  const from = Date.parse(startedAt)
  const to = endedAt === undefined ? now : Date.parse(endedAt)
  return { from, length: Math.max(to - from, 1), now: to }
}

interface LineProps {
  readonly row: TaskRow
  readonly index: number
  readonly span: Span
  readonly open: boolean
  readonly onToggle: () => void
}

function TaskLine({ row, index, span, open, onToggle }: LineProps) {
  const { t, many } = useTexts()
  const { task, name, pass, depth, status, wait } = row
  const began = task.startedAt ?? task.createdAt
  return (
    <tr role="row" aria-rowindex={index + 2}>
      <td role="cell" className="column-task">
        <button
          type="button"
          className="task-name"
          style={{ paddingInlineStart: `${Math.min(depth, 8) * 1.125 + 1.25}rem` }}
          aria-expanded={open}
          title={task.key}
          onClick={onToggle}
        >
          {name}
          {pass !== '' && <span className="pass"> {pass}</span>}
        </button>
      </td>
      <td role="cell" className="column-status">
        <Status status={status} />
        {task.retries > 0 && <span className="sub">{many('timeline.retries', task.retries)}</span>}
        {wait?.event !== undefined && (
          <span className="sub">{t('timeline.waitsForEvent', { event: wait.event })}</span>
        )}
        {wait?.due !== undefined && (
          <span className="sub">
            {t('timeline.waitsUntil')} <Time at={wait.due} short />
          </span>
        )}
      </td>
      <td role="cell" className="column-started nowrap">
        <Time at={began} short />
      </td>
      <td role="cell" className="column-course" aria-hidden="true">
        <Bar row={row} span={span} />
      </td>
      <td role="cell" className="column-duration nowrap">
        <Duration from={began} to={task.endedAt} />
      </td>
    </tr>
  )
}

/** When the task was, as a part of the run's time; each retry is a line across. The columns beside it say the same. */
function Bar({ row: { task, status }, span }: { readonly row: TaskRow; readonly span: Span }) {
  const percent = (time: number) => Math.min(100, Math.max(0, ((time - span.from) / span.length) * 100))
  const from = percent(Date.parse(task.startedAt ?? task.createdAt))
  const to = percent(task.endedAt === undefined ? span.now : Date.parse(task.endedAt))
  return (
    <div className="course">
      <div
        className="course-bar"
        data-tone={toneOf[status]}
        style={{ insetInlineStart: `${Math.min(from, 99.5)}%`, width: `max(3px, ${to - from}%)` }}
      />
      {task.retriedAt?.map((at, index) => (
        <div
          key={`${at}${index}`}
          className="course-retry"
          style={{ insetInlineStart: `${percent(Date.parse(at))}%` }}
        />
      ))}
    </div>
  )
}
