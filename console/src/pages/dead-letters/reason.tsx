import type { Schemas } from '../../api/client.ts'
import { ProblemDetail, ProblemTitle } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

/** What was wrong with a record, and where: in reading it, in a step, or at a target. */
export function Reason({ letter }: { readonly letter: Schemas['DeadLetter'] }) {
  const { t } = useTexts()
  const { problem, target, step } = letter
  const what = problem
  return (
    <>
      <ProblemTitle problem={what} />
      <span className="sub">
        <ProblemDetail problem={what} />
      </span>
      <span className="sub">
        {target !== undefined
          ? t('letters.target', { target })
          : step !== undefined
            ? t('letters.step', { step: step + 1 })
            : t('letters.unread')}
      </span>
    </>
  )
}
