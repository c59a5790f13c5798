import { lazy, Suspense, useMemo, useState } from 'react'
import { Link, useParams, useSearchParams } from 'wouter'
import { Loading } from '../../parts/loading.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure, Problem } from '../../parts/problem.tsx'
import { SourceView } from '../../parts/source-view.tsx'
import { Status } from '../../parts/status.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useTexts } from '../../texts/index.tsx'
import '../../style/run.css'
import { Children } from './children.tsx'
import { Events } from './events.tsx'
import { InputOutput } from './input-output.tsx'
import { Logs } from './logs.tsx'
import { RerunDialog } from './rerun-dialog.tsx'
import { RunActions } from './run-actions.tsx'
import { useRun } from './run-data.ts'
import { RunFacts } from './run-facts.tsx'
import { Trouble } from './trouble.tsx'
import { statesByPointer, taskRows } from './task-tree.ts'
import { Timeline } from './timeline.tsx'

const Flow = lazy(async () => ({ default: (await import('../../graph/flow.tsx')).Flow }))

const tabs = ['timeline', 'graph', 'data', 'logs', 'events', 'children', 'source'] as const
type Tab = (typeof tabs)[number]

/** One run: what happened, why, and what to do about it. */
export function RunPage() {
  const { id = '' } = useParams<{ id: string }>()
  return <Run key={id} id={id} />
}

function Run({ id }: { readonly id: string }) {
  const { t } = useTexts()
  const [parameters] = useSearchParams()
  const { timeline, definition } = useRun(id)
  const [rerunFrom, setRerunFrom] = useState<string>()
  const rows = useMemo(
    () => taskRows(timeline.data?.tasks ?? [], timeline.data?.waits ?? []),
    [timeline.data],
  )
  const states = useMemo(() => statesByPointer(rows), [rows])
  const asked = parameters.get('tab')
  const tab: Tab = tabs.find((each) => each === asked) ?? 'timeline'
  if (timeline.error && !timeline.data) {
    return (
      <>
        <PageTitle title={t('run.title', { id })} />
        <Failure error={timeline.error} />
        <Link href="/runs">{t('run.back')}</Link>
      </>
    )
  }
  if (!timeline.data) return <Loading />
  const { run } = timeline.data
  const { error } = run
  // The innermost: those around it failed because of it.
  const failed =
    error && rows.findLast(({ task }) => task.error !== undefined && task.task === error.instance)
  const place = error?.instance === undefined ? undefined : definition.data?.places[error.instance]
  const mark = place && { line: place.line, tone: 'bad' as const, text: error?.title ?? error?.detail ?? '' }
  return (
    <>
      <PageTitle
        title={t('run.title', { id: run.definition.name })}
        lead={
          <>
            <Status status={run.status} /> <span className="code">{run.id}</span>
          </>
        }
        actions={<RunActions run={run} onRerun={() => setRerunFrom('')} />}
      >
        {run.definition.name}
      </PageTitle>
      {error && (
        <Problem title={t('run.failed')} problem={error}>
          <div className="actions no-print">
            {failed && (
              <button type="button" className="button small" onClick={() => setRerunFrom(failed.task.key)}>
                {t('run.rerunFailed', { name: `${failed.name} ${failed.pass}`.trim() })}
              </button>
            )}
            {failed && (
              <Link className="button small" href={`?task=${encodeURIComponent(failed.task.key)}`}>
                {t('run.lookAtFailed')}
              </Link>
            )}
            <Link className="button small" href="?tab=logs">
              {t('run.tab.logs')}
            </Link>
          </div>
          {definition.data && mark && (
            <>
              <SourceView
                source={definition.data.source}
                marks={[{ ...mark, text: '' }]}
                around={2}
                label={t('run.failedAt', { line: mark.line })}
              />
              <p>
                <Link href="?tab=source">{t('run.failedAt', { line: mark.line })}</Link>
              </p>
            </>
          )}
        </Problem>
      )}
      <Trouble run={run} />
      <RunFacts run={run} />
      <Tabs
        label={t('run.parts')}
        current={tab}
        tabs={tabs.map((each) => ({ id: each, text: t(`run.tab.${each}`), href: `?tab=${each}` }))}
      />
      {tab === 'timeline' && <Timeline run={run} rows={rows} onRerun={setRerunFrom} />}
      {tab === 'graph' && definition.data && (
        <Suspense fallback={<Loading />}>
          <Flow
            graph={definition.data.flow}
            states={states}
            linkOf={(task) => `?find=${encodeURIComponent(task)}`}
          />
        </Suspense>
      )}
      {tab === 'data' && <InputOutput run={run} />}
      {tab === 'logs' && <Logs run={run} />}
      {tab === 'events' && <Events id={id} />}
      {tab === 'children' && <Children id={id} />}
      {tab === 'source' && definition.data && (
        <SourceView
          source={definition.data.source}
          marks={mark ? [mark] : []}
          label={t('run.source', { file: definition.data.file ?? run.definition.name })}
        />
      )}
      {definition.error && <Failure error={definition.error} />}
      {rerunFrom !== undefined && (
        <RerunDialog run={run} rows={rows} from={rerunFrom} onClose={() => setRerunFrom(undefined)} />
      )}
    </>
  )
}
