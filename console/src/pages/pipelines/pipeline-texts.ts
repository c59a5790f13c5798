import type { useTexts } from '../../texts/index.tsx'

type Translate = ReturnType<typeof useTexts>['t']

export function addressOf({
  namespace,
  name,
}: {
  readonly namespace: string
  readonly name: string
}): string {
  return `/pipelines/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
}

/** What starts a pipeline by itself. */
export function scheduleText(schedule: unknown, t: Translate): string {
  if (typeof schedule !== 'object' || schedule === null) return t('schedule.none')
  const { cron, every, after, on } = schedule as { [key: string]: unknown }
  if (typeof cron === 'string') return t('schedule.cron', { cron })
  if (every !== undefined) return t('schedule.every', { every: durationText(every) })
  if (after !== undefined) return t('schedule.after', { after: durationText(after) })
  return t('schedule.on', { events: eventTypes(on).join(', ') })
}

function durationText(duration: unknown): string {
  if (typeof duration === 'string') return duration
  if (typeof duration !== 'object' || duration === null) return ''
  return Object.entries(duration)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(' ')
}

function eventTypes(on: unknown): string[] {
  if (typeof on !== 'object' || on === null) return []
  if (Array.isArray(on)) return on.flatMap(eventTypes)
  const { type } = ('with' in on ? on.with : {}) as { type?: unknown }
  return typeof type === 'string' ? [type] : Object.values(on).flatMap(eventTypes)
}
