import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link, useParams, useSearchParams } from 'wouter'
import { api, dataOf } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Field } from '../../parts/field.tsx'
import { Loading } from '../../parts/loading.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { SourceView } from '../../parts/source-view.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useTexts } from '../../texts/index.tsx'
import { DisabledNotice, EnableButton } from './enable.tsx'
import { Findings } from './findings.tsx'
import { PipelineRuns } from './pipeline-runs.tsx'
import { scheduleText } from './pipeline-texts.ts'
import { StartForm } from './start-form.tsx'
import { Versions } from './versions.tsx'

const Flow = lazy(async () => ({ default: (await import('../../graph/flow.tsx')).Flow }))

const tabs = ['graph', 'start', 'runs', 'source', 'versions'] as const

/** One pipeline: its graph, its text, its versions, its runs, and starting it. */
export function PipelinePage() {
  const { namespace = '', name = '' } = useParams<{ namespace: string; name: string }>()
  const { t } = useTexts()
  const me = useMe()
  const [parameters, setParameters] = useSearchParams()
  const version = parameters.get('version') ?? undefined
  const { data, error } = useQuery({
    queryKey: ['pipeline', namespace, name, version],
    queryFn: () =>
      dataOf(
        api.GET('/api/v1/pipelines/{namespace}/{name}', {
          params: { path: { namespace, name }, query: version === undefined ? {} : { version } },
        }),
      ),
  })
  if (error) {
    return (
      <>
        <PageTitle title={name} />
        <Failure error={error} />
        <Link href="/pipelines">{t('pipeline.back')}</Link>
      </>
    )
  }
  if (!data) return <Loading />
  const { pipeline, versions, source, findings, flow } = data
  const shown = tabs.filter(
    (each) => each !== 'start' || (me.can('runs.start', namespace) && !pipeline.disabled),
  )
  const asked = parameters.get('tab')
  const tab = shown.find((each) => each === asked) ?? 'graph'
  const suffix = version === undefined ? '' : `&version=${encodeURIComponent(version)}`
  return (
    <>
      <PageTitle
        title={pipeline.title ?? name}
        lead={pipeline.summary}
        actions={
          <>
            {versions.length > 1 && (
              <Field label={t('pipeline.version')}>
                {(attributes) => (
                  <select
                    {...attributes}
                    value={pipeline.version}
                    onChange={({ target }) =>
                      setParameters((old) => {
                        const next = new URLSearchParams(old)
                        next.set('version', target.value)
                        return next
                      })
                    }
                  >
                    {versions.map((each) => (
                      <option key={each}>{each}</option>
                    ))}
                  </select>
                )}
              </Field>
            )}
            <EnableButton pipeline={pipeline} />
          </>
        }
      />
      {pipeline.disabled && <DisabledNotice disabled={pipeline.disabled} />}
      <dl className="facts">
        <div>
          <dt>{t('pipeline.name')}</dt>
          <dd className="code">
            {namespace}/{name} {pipeline.version}
          </dd>
        </div>
        <div>
          <dt>{t('pipelines.starts')}</dt>
          <dd>{scheduleText(pipeline.schedule, t)}</dd>
        </div>
        {pipeline.file !== undefined && (
          <div>
            <dt>{t('pipeline.file')}</dt>
            <dd className="code">{pipeline.file}</dd>
          </div>
        )}
      </dl>
      {findings.length > 0 && <Findings findings={findings} />}
      <Tabs
        label={t('pipeline.parts')}
        current={tab}
        tabs={shown.map((each) => ({
          id: each,
          text: t(`pipeline.tab.${each}`),
          href: `?tab=${each}${suffix}`,
        }))}
      />
      {tab === 'graph' && (
        <Suspense fallback={<Loading />}>
          <Flow graph={flow} />
        </Suspense>
      )}
      {tab === 'start' && (
        <StartForm key={pipeline.version} pipeline={pipeline} definition={data.definition} />
      )}
      {tab === 'runs' && <PipelineRuns namespace={namespace} name={name} />}
      {tab === 'source' && (
        <SourceView
          source={source}
          label={t('run.source', { file: pipeline.file ?? name })}
          marks={findings.map(({ line, severity, message }) => ({
            line,
            tone: severity === 'error' ? 'bad' : 'warn',
            text: message,
          }))}
        />
      )}
      {tab === 'versions' && (
        <Versions namespace={namespace} name={name} versions={versions} shown={pipeline.version} />
      )}
    </>
  )
}
