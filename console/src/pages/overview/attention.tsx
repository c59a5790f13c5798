import type { Body } from '../../api/client.ts'
import { useTexts } from '../../texts/index.tsx'
import { Tiles, type Tile } from './tiles.tsx'

/** What somebody must do something about, each with the way to it. Where there is nothing, nothing is shown. */
export function Attention({ attention }: { readonly attention: Body<'overview'>['attention'] }) {
  const { t } = useTexts()
  const { approvals, deadLetters, targets = [] } = attention
  const tiles: Tile[] = []
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
  if (tiles.length === 0) return null
  return (
    <section>
      <h2>{t('attention.title')}</h2>
      <Tiles tiles={tiles} />
    </section>
  )
}
