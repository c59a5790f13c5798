import { useTexts } from '../texts/index.tsx'
import { useNow } from './use-now.ts'

/** A moment, in Danish time; the exact time is in its title. */
export function Time({ at, short = false }: { readonly at: string; readonly short?: boolean }) {
  const { time, shortTime } = useTexts()
  return (
    <time dateTime={at} title={time(at)}>
      {short ? shortTime(at) : time(at)}
    </time>
  )
}

/** Until when something can be done. */
export function Deadline({ at }: { readonly at: string }) {
  const { deadline } = useTexts()
  return <time dateTime={at}>{deadline(at)}</time>
}

/** How long ago, or how far ahead. */
export function Ago({ at }: { readonly at: string }) {
  const { ago, time } = useTexts()
  const now = useNow(10_000)
  return (
    <time dateTime={at} title={time(at)}>
      {ago(at, now)}
    </time>
  )
}

/** From one moment to another; what has not ended goes on counting. */
export function Duration({ from, to }: { readonly from: string; readonly to: string | undefined }) {
  const { duration } = useTexts()
  const now = useNow(1000, to === undefined)
  const end = to === undefined ? now : Date.parse(to)
  return <>{duration(Math.max(0, end - Date.parse(from)))}</>
}
