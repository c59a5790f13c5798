import type { Schemas } from '../../api/client.ts'
import { Mark, type Tone } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'

type Status = Schemas['Transfer']['status'] | Schemas['Transfer']['targets'][number]['status']

const toneOf: { readonly [status in Status]: Tone } = {
  reading: 'busy',
  delivering: 'busy',
  waiting: 'wait',
  completed: 'good',
  failed: 'bad',
  cancelled: 'still',
}

export function TransferStatus({ status }: { readonly status: Status }) {
  const { t } = useTexts()
  return <Mark tone={toneOf[status]}>{t(`transfer.status.${status}`)}</Mark>
}
