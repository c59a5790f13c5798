import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'wouter'
import type { operations } from '../../api/schema.ts'
import { fromDanishTime } from '../../texts/formats.ts'
import { runStatuses, type RunStatus } from '../../parts/status.tsx'

/** What the list of runs is narrowed to. It stands in the address, so that it can be kept and sent on. */
export interface RunFilters {
  readonly status: readonly RunStatus[]
  readonly namespace: string
  readonly name: string
  readonly text: string
  readonly correlation: string
  /** `true`, or empty. */
  readonly stuck: string
  /** As a field for local time has them: `2026-11-25T14:00`. */
  readonly from: string
  readonly to: string
  readonly parent: string
}

export const noFilters: RunFilters = {
  status: [],
  namespace: '',
  name: '',
  text: '',
  correlation: '',
  stuck: '',
  from: '',
  to: '',
  parent: '',
}

const texts = ['namespace', 'name', 'text', 'correlation', 'stuck', 'from', 'to', 'parent'] as const

export function useRunFilters(): [RunFilters, (changes: Partial<RunFilters>) => void] {
  const [parameters, setParameters] = useSearchParams()
  const filters = useMemo<RunFilters>(() => {
    const status = (parameters.get('status') ?? '').split(',')
    return {
      status: runStatuses.filter((each) => status.includes(each)),
      ...(Object.fromEntries(texts.map((name) => [name, parameters.get(name) ?? ''])) as Omit<
        RunFilters,
        'status'
      >),
    }
  }, [parameters])
  const change = useCallback(
    (changes: Partial<RunFilters>) =>
      setParameters(
        (old) => {
          const next = new URLSearchParams(old)
          for (const [name, value] of Object.entries(changes)) {
            const text = typeof value === 'string' ? value : value.join(',')
            if (text === '') next.delete(name)
            else next.set(name, text)
          }
          return next
        },
        { replace: true },
      ),
    [setParameters],
  )
  return [filters, change]
}

/** As the API takes them. */
export function queryOf({ status, from, to, stuck, ...rest }: RunFilters): RunQuery {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value.trim() !== ''))
  return {
    ...given,
    ...(stuck === 'true' && { stuck: true as const }),
    ...(status.length > 0 && {
      status: status.flatMap((each) => (each === 'running' ? ['running', 'pending'] : [each])).join(','),
    }),
    ...instant('from', from),
    ...instant('to', to),
  }
}

/** The filters of the API, without those that page. */
export type RunQuery = Omit<NonNullable<operations['listRuns']['parameters']['query']>, 'cursor' | 'limit'>

function instant<Name extends string>(name: Name, local: string): { [name in Name]?: string } {
  const time = fromDanishTime(local)
  return time === undefined ? {} : ({ [name]: time } as { [name in Name]?: string })
}
