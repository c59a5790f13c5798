import type { ReactNode } from 'react'
import { ApiFailure, type Schemas } from '../api/client.ts'
import { useTexts } from '../texts/index.tsx'

/** A request that failed: what happened, and what to do. */
export function Failure({ error }: { readonly error: unknown }) {
  const { t, maybe } = useTexts()
  const failure = error instanceof ApiFailure ? error : undefined
  const known = failure?.code === undefined ? undefined : maybe(`problem.${failure.code}`)
  const title =
    known ??
    (failure?.status === 0
      ? t('problem.unreachable')
      : failure?.status === 403
        ? t('problem.forbidden')
        : t('problem.title'))
  return (
    <div className="notice" data-tone="bad" role="alert">
      <h2>{title}</h2>
      {failure?.problem.detail !== undefined && failure.problem.detail !== '' && (
        <p lang="en">{failure.problem.detail}</p>
      )}
      {failure?.code !== undefined && <p className="hint code">{failure.code}</p>}
    </div>
  )
}

type Problem = Schemas['Problem']

/** Why a run or a task failed, in the words of whoever raised it. Shown as text, whatever it holds. */
export function Problem({
  problem,
  title,
  children,
}: {
  readonly problem: Problem
  readonly title: string
  readonly children?: ReactNode
}) {
  const { t } = useTexts()
  const { title: what, detail, status, type, instance, ...rest } = problem
  const more = Object.entries(rest)
  return (
    <div className="notice" data-tone="bad">
      <h2>{title}</h2>
      <p>
        <strong>{what ?? type}</strong>
        {detail !== undefined && detail !== '' && <> {detail}</>}
      </p>
      <dl className="facts">
        <div>
          <dt>{t('problem.status')}</dt>
          <dd>{status}</dd>
        </div>
        <div>
          <dt>{t('problem.type')}</dt>
          <dd className="code">{type}</dd>
        </div>
        {instance !== undefined && (
          <div>
            <dt>{t('problem.instance')}</dt>
            <dd className="code">{instance}</dd>
          </div>
        )}
        {more.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="code">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
      {children}
    </div>
  )
}
