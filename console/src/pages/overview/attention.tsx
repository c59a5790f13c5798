import type { Body } from '../../api/client.ts'
import { useTexts } from '../../texts/index.tsx'
import { Tiles, type Tile } from './tiles.tsx'

/** The server counts no further. */
const mostCounted = 100

/** What somebody must do something about, each with the way to it. Where there is nothing, that is said. */
export function Attention({ attention }: { readonly attention: Body<'overview'>['attention'] }) {
  const { t } = useTexts()
  const { approvals, deadLetters, targets = [], disabled = [], stuck, transfers } = attention
  const notices = noticesOf(attention)
  const tiles: Tile[] = []
  if (stuck !== undefined) {
    tiles.push({
      id: 'stuck',
      href: '/runs?stuck=true',
      label: t('attention.stuck'),
      number: stuck,
      more: stuck >= mostCounted,
      tone: 'bad',
      note: t('attention.stuckNote'),
    })
  }
  if (targets.length > 0) {
    tiles.push({
      id: 'targets',
      href: '/targets',
      label: t('attention.targets'),
      number: targets.length,
      tone: targets.every(({ state }) => state === 'held') ? 'warn' : 'bad',
      note: targets.map(({ name, state }) => `${name}: ${t(`targets.state.${state}`)}`).join(', '),
    })
  }
  if (transfers !== undefined) {
    tiles.push({
      id: 'transfers',
      href: '/transfers?troubled=true',
      label: t('attention.transfers'),
      number: transfers,
      more: transfers >= mostCounted,
      tone: 'bad',
      note: t('attention.transfersNote'),
    })
  }
  if (approvals) {
    tiles.push({
      id: 'approvals',
      href: '/approvals',
      label: t('attention.approvals'),
      number: approvals.count,
      more: approvals.more,
      tone: 'wait',
      note: t('attention.newest', { title: approvals.newest.title }),
    })
  }
  if (deadLetters !== undefined) {
    tiles.push({
      id: 'dead-letters',
      href: '/transfers?part=dead-letters',
      label: t('attention.deadLetters'),
      number: deadLetters,
      tone: 'bad',
      note: t('attention.deadLettersNote'),
    })
  }
  if (disabled.length > 0) {
    tiles.push({
      id: 'disabled',
      href: '/pipelines',
      label: t('attention.disabled'),
      number: disabled.length,
      tone: 'warn',
      note: disabled.map(({ name }) => name).join(', '),
    })
  }
  if (tiles.length === 0 && notices.length === 0) return <p className="all-well">{t('attention.none')}</p>
  return (
    <section>
      <h2>{t('attention.title')}</h2>
      {notices.map((notice) => (
        <div key={notice} className="notice" data-tone={notice === 'differs' ? 'warn' : 'bad'} role="alert">
          <h3>{t(`attention.${notice}`)}</h3>
          <p>{t(`attention.${notice}Text`)}</p>
        </div>
      ))}
      {tiles.length > 0 && <Tiles tiles={tiles} />}
    </section>
  )
}

/** What concerns all runs, in words: the gravest first. */
function noticesOf({ temporal, workers, configuration }: Body<'overview'>['attention']) {
  return [
    ...(temporal ? (['noTemporal'] as const) : []),
    ...(workers ? (['noWorkers'] as const) : []),
    ...(configuration ? (['differs'] as const) : []),
  ]
}
