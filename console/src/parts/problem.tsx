import type { ReactNode } from 'react'
import { ApiFailure, type Schemas } from '../api/client.ts'
import { useTexts, type Language } from '../texts/index.tsx'
import { problemsInDanish, standardErrorsInDanish } from '../texts/problems-da.ts'

/** A request that failed: what happened, and what to do. */
export function Failure({ error }: { readonly error: unknown }) {
  const { t, language } = useTexts()
  const failure = error instanceof ApiFailure ? error : undefined
  const { code, problem } = failure ?? {}
  const [what, todo] = ownError(code, language) ?? [problem?.title, textOf(problem?.todo)]
  const foreign = englishIn(language, ownError(code, language) === undefined)
  return (
    <div className="notice" data-tone="bad" role="alert">
      {what !== undefined && failure?.status !== 0 ? (
        <h2 lang={foreign}>{what}</h2>
      ) : (
        <h2>{t(failure?.status === 0 ? 'problem.unreachable' : 'problem.title')}</h2>
      )}
      {todo !== undefined && <p lang={foreign}>{todo}</p>}
      {code !== undefined && <Particulars detail={problem?.detail ?? ''} code={code} />}
    </div>
  )
}

/** The server speaks English: where the page does not, its words are for those who help, and not in the way. */
function Particulars({ detail, code }: { readonly detail: string; readonly code: string }) {
  const { t, language } = useTexts()
  const words = (
    <>
      {detail !== '' && <p lang={englishIn(language)}>{detail}</p>}
      <p className="hint code">{code}</p>
    </>
  )
  if (language === 'en' || detail === '') return words
  return (
    <details>
      <summary>{t('problem.forSupport')}</summary>
      {words}
    </details>
  )
}

/** An error of our own table in the language of the page, or `undefined` where the server's own words are to be used. */
export function ownError(
  code: string | undefined,
  language: Language,
): readonly [string, string] | undefined {
  return language === 'da' && code !== undefined ? problemsInDanish[code] : undefined
}

/** The `lang` of a text that is English, where the page is not. */
export function englishIn(language: Language, isEnglish = true): 'en' | undefined {
  return isEnglish && language !== 'en' ? 'en' : undefined
}

type Problem = Schemas['Problem']

/** The short name of a problem of a run: in the words of whoever raised it, or what the language calls it. */
export function ProblemTitle({ problem }: { readonly problem: Problem }) {
  const { language } = useTexts()
  const own = language === 'da' ? standardTitle(problem) : undefined
  return (
    <span lang={englishIn(language, own === undefined && isOurs(problem))}>{own ?? titleOf(problem)}</span>
  )
}

/** What is particular to this case. What our own server says, it says in English. */
export function ProblemDetail({ problem }: { readonly problem: Problem }) {
  const { language } = useTexts()
  if (problem.detail === undefined || problem.detail === '') return null
  return <span lang={englishIn(language, isOurs(problem))}>{problem.detail}</span>
}

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
  const { title: _title, detail: _detail, status, type, instance, ...rest } = problem
  const more = Object.entries(rest)
  return (
    <div className="notice" data-tone="bad">
      <h2>{title}</h2>
      <p className="problem-said">
        <strong>
          <ProblemTitle problem={problem} />
        </strong>{' '}
        <ProblemDetail problem={problem} />
      </p>
      {children}
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
    </div>
  )
}

const standardType = /^https:\/\/serverlessworkflow\.io\/spec\/[\d.]+\/errors\/(\w+)$/
const ownType = /^urn:sluse:error:(SLUSE-[A-Z0-9-]+)$/

/** What our own server says, it says in English. */
function isOurs({ type }: Problem): boolean {
  return standardType.test(type) || ownType.test(type)
}

/** Danish for an error that has no title of its own but the language's. */
function standardTitle({ type, title }: Problem): string | undefined {
  const [, name = ''] = standardType.exec(type) ?? []
  const [, code = ''] = ownType.exec(type) ?? []
  const known = standardErrorsInDanish[name]
  const usual = title === undefined || /^[A-Z][a-z]+(?: Error)?$/.test(title)
  return known !== undefined && usual ? known : problemsInDanish[code]?.[0]
}

function titleOf({ title, detail, type }: Problem): string {
  return title ?? detail ?? type
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
