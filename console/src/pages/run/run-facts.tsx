import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Duration, Time } from '../../parts/time.tsx'
import { useTexts } from '../../texts/index.tsx'
import type { Run } from './run-data.ts'

export function RunFacts({ run }: { readonly run: Run }) {
  const { t, maybe } = useTexts()
  const { namespace, name, version } = run.definition
  const runLink = (id: string) => (
    <Link href={`/runs/${encodeURIComponent(id)}`} className="code">
      {id}
    </Link>
  )
  const facts: [string, ReactNode][] = [
    [
      t('run.pipeline'),
      <Link key="pipeline" href={`/pipelines/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}>
        {namespace}/{name} {version}
      </Link>,
    ],
    [t('run.started'), <Time key="started" at={run.startedAt} />],
    ...(run.endedAt === undefined
      ? []
      : [[t('run.ended'), <Time key="ended" at={run.endedAt} />] as [string, ReactNode]]),
    [t('run.duration'), <Duration key="duration" from={run.startedAt} to={run.endedAt} />],
    ...(run.by === undefined ? [] : [[t('run.by'), maybe(`by.${run.by}`) ?? run.by] as [string, ReactNode]]),
    ...(run.parent === undefined ? [] : [[t('run.parent'), runLink(run.parent)] as [string, ReactNode]]),
    ...(run.rerunOf === undefined ? [] : [[t('run.rerunOf'), runLink(run.rerunOf)] as [string, ReactNode]]),
    ...Object.entries(run.labels),
  ]
  return (
    <dl className="facts">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
