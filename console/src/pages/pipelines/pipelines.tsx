import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loading } from '../../parts/loading.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Failure } from '../../parts/problem.tsx'
import { Mark } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Findings } from './findings.tsx'
import { addressOf, scheduleText } from './pipeline-texts.ts'

type Pipeline = Schemas['Pipeline']

/** All pipelines, the newest version of each; and what is wrong with the project. */
export function Pipelines() {
  const { t, many } = useTexts()
  const me = useMe()
  const { data, error, isPending } = useQuery({
    queryKey: ['pipelines'],
    queryFn: () => dataOf(api.GET('/api/v1/pipelines')),
  })
  const newest = useMemo(() => newestOf(data?.pipelines ?? []), [data])
  return (
    <>
      <PageTitle title={t('pipelines.title')} lead={t('pipelines.lead')} />
      {error && <Failure error={error} />}
      {isPending && <Loading />}
      {data && data.findings.length > 0 && <Findings findings={data.findings} />}
      {data && newest.length === 0 && <p className="empty">{t('pipelines.none')}</p>}
      {newest.length > 0 && (
        <table className="table stacks">
          <thead>
            <tr>
              <th scope="col">{t('pipelines.name')}</th>
              <th scope="col">{t('pipelines.version')}</th>
              <th scope="col">{t('pipelines.starts')}</th>
              <th scope="col">{t('pipelines.state')}</th>
              <th scope="col">
                <span className="visually-hidden">{t('pipelines.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {newest.map(({ pipeline, versions }) => {
              const wrong =
                data?.findings.filter(({ file }) => file !== undefined && file === pipeline.file) ?? []
              const errors = wrong.filter(({ severity }) => severity === 'error').length
              return (
                <tr key={`${pipeline.namespace}/${pipeline.name}`}>
                  <th scope="row">
                    <Link href={addressOf(pipeline)}>{pipeline.title ?? pipeline.name}</Link>
                    <span className="sub">
                      {pipeline.namespace}/{pipeline.name}
                    </span>
                  </th>
                  <td data-label={t('pipelines.version')}>
                    {pipeline.version}
                    {versions > 1 && <span className="sub">{many('count.versions', versions)}</span>}
                  </td>
                  <td data-label={t('pipelines.starts')}>{scheduleText(pipeline.schedule, t)}</td>
                  <td>
                    {errors > 0 ? (
                      <Mark tone="bad">{many('count.errors', errors)}</Mark>
                    ) : wrong.length > 0 ? (
                      <Mark tone="warn">{many('count.warnings', wrong.length)}</Mark>
                    ) : (
                      <Mark tone="good">{t('pipelines.deployed')}</Mark>
                    )}
                  </td>
                  <td className="number">
                    {me.can('runs.start', pipeline.namespace) && (
                      <Link className="button small" href={`${addressOf(pipeline)}?tab=start`}>
                        {t('pipelines.start')}
                        <span className="visually-hidden"> {pipeline.title ?? pipeline.name}</span>
                      </Link>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </>
  )
}

/** The list of the API has the highest version of each first. */
function newestOf(pipelines: readonly Pipeline[]): { pipeline: Pipeline; versions: number }[] {
  const found = new Map<string, { pipeline: Pipeline; versions: number }>()
  for (const pipeline of pipelines) {
    const key = `${pipeline.namespace}/${pipeline.name}`
    const known = found.get(key)
    if (known) known.versions++
    else found.set(key, { pipeline, versions: 1 })
  }
  return [...found.values()]
}
