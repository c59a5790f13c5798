import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { Mark } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { useTexts } from '../../texts/index.tsx'
import { Findings } from './findings.tsx'
import { addressOf, scheduleText } from './pipeline-texts.ts'

type Pipeline = Schemas['Pipeline']

/** All pipelines, the newest version of each; and what is wrong with the project. */
export function Pipelines() {
  const { t, many } = useTexts()
  const me = useMe()
  const pipelines = useQuery({
    queryKey: ['pipelines'],
    queryFn: () => dataOf(api.GET('/api/v1/pipelines')),
  })
  return (
    <>
      <PageTitle title={t('pipelines.title')} lead={t('pipelines.lead')} />
      {pipelines.data && pipelines.data.findings.length > 0 && (
        <Findings findings={pipelines.data.findings} />
      )}
      <Loaded
        of={pipelines}
        empty={{ when: (found) => found.pipelines.length === 0, text: t('pipelines.none') }}
      >
        {(found) => (
          <Table
            columns={(['name', 'version', 'starts', 'state'] as const).map((column) =>
              t(`pipelines.${column}`),
            )}
            actions
          >
            {newestOf(found.pipelines).map(({ pipeline, versions }) => {
              const wrong = found.findings.filter(({ file }) => file !== undefined && file === pipeline.file)
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
                    {pipeline.disabled && <Mark tone="warn">{t('pipelines.disabled')}</Mark>}
                    {errors > 0 ? (
                      <Mark tone="bad">{many('count.errors', errors)}</Mark>
                    ) : wrong.length > 0 ? (
                      <Mark tone="warn">{many('count.warnings', wrong.length)}</Mark>
                    ) : (
                      !pipeline.disabled && <Mark tone="good">{t('pipelines.deployed')}</Mark>
                    )}
                  </td>
                  <td className="number">
                    {me.can('runs.start', pipeline.namespace) && !pipeline.disabled && (
                      <Link className="button small" href={`${addressOf(pipeline)}?tab=start`}>
                        {t('pipelines.start')}
                        <span className="visually-hidden"> {pipeline.title ?? pipeline.name}</span>
                      </Link>
                    )}
                  </td>
                </tr>
              )
            })}
          </Table>
        )}
      </Loaded>
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
