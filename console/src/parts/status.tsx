import type { ReactNode } from 'react'
import type { Schemas } from '../api/client.ts'
import { useTexts } from '../texts/index.tsx'

export type RunStatus = Schemas['Run']['status']
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'wait' | 'still'

export const runStatuses = [
  'running',
  'waiting',
  'suspended',
  'faulted',
  'completed',
  'cancelled',
  'pending',
] as const satisfies readonly RunStatus[]

export const toneOf: { readonly [status in RunStatus]: Tone } = {
  pending: 'still',
  running: 'busy',
  waiting: 'wait',
  suspended: 'warn',
  cancelled: 'still',
  faulted: 'bad',
  completed: 'good',
}

export function Status({ status }: { readonly status: RunStatus }) {
  const { t } = useTexts()
  return <Mark tone={toneOf[status]}>{t(`status.${status}`)}</Mark>
}

/** A word with a colour and a sign: nobody has to tell colours apart. */
export function Mark({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className="status" data-tone={tone}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        <path
          d={signs[tone]}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {children}
    </span>
  )
}

const signs: { readonly [tone in Tone]: string } = {
  good: 'M2 7.5l3.5 3.500L12 3.500',
  bad: 'M3 3l8 8M11 3l-8 8',
  warn: 'M4.500 3v8M9.500 3v8',
  busy: 'M4 2.500l7 4.500-7 4.500z',
  wait: 'M3 2h8M3 12h8M4 2c0 3 3 3.500 3 5s-3 2-3 5M10 2c0 3-3 3.500-3 5s3 2 3 5',
  still: 'M3 7h8',
}
