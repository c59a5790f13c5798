import { JsonView } from '../../parts/json-view.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure, Problem } from '../../parts/problem.tsx'
import { Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import { useTask, type Run } from './run-data.ts'
import type { TaskRow } from './task-tree.ts'

interface Props {
  readonly run: Run
  readonly row: TaskRow
  readonly onRerun: () => void
}

/** One task: what went in, what came out, why it failed, its attempts; and running again from here. */
export function TaskPanel({ run, row: { task: summary }, onRerun }: Props) {
  const { t } = useTexts()
  const { data: task, error } = useTask(run.id, summary.key)
  if (error) return <Failure error={error} />
  if (!task) return <Loading />
  return (
    <div className="stack">
      <dl className="facts">
        <div>
          <dt>{t('task.key')}</dt>
          <dd className="code">{task.key}</dd>
        </div>
        <div>
          <dt>{t('task.started')}</dt>
          <dd>
            <Time at={task.startedAt ?? task.createdAt} />
          </dd>
        </div>
        {task.endedAt !== undefined && (
          <div>
            <dt>{t('task.ended')}</dt>
            <dd>
              <Time at={task.endedAt} />
            </dd>
          </div>
        )}
        {task.retriedAt !== undefined && (
          <div>
            <dt>{t('task.retries')}</dt>
            <dd>
              <ol className="list-plain">
                {task.retriedAt.map((at, index) => (
                  <li key={`${at}${index}`}>
                    <Time at={at} />
                  </li>
                ))}
              </ol>
            </dd>
          </div>
        )}
      </dl>
      {task.error && <Problem title={t('task.failed')} problem={task.error} />}
      <div className="columns">
        <section>
          <h2>{t('task.input')}</h2>
          {task.input === undefined ? (
            <p className="empty">{t('task.noInput')}</p>
          ) : (
            <JsonView value={task.input} label={t('task.input')} />
          )}
        </section>
        <section>
          <h2>{t('task.output')}</h2>
          {task.output === undefined ? (
            <p className="empty">{t('task.noOutput')}</p>
          ) : (
            <JsonView value={task.output} label={t('task.output')} />
          )}
        </section>
      </div>
      <div className="actions">
        <button type="button" className="button small" onClick={onRerun}>
          {t('task.rerun')}
        </button>
      </div>
    </div>
  )
}
