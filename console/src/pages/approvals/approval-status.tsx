import type { Schemas } from '../../api/client.ts'
import { Mark, type Tone } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'

type Status = Schemas['ApprovalSummary']['status']

const toneOf: { readonly [status in Status]: Tone } = {
  open: 'wait',
  approved: 'good',
  rejected: 'bad',
  'changes-requested': 'warn',
  expired: 'bad',
  withdrawn: 'still',
}

export function ApprovalStatus({ status }: { readonly status: Status }) {
  const { t } = useTexts()
  return <Mark tone={toneOf[status]}>{t(`approval.status.${status}`)}</Mark>
}
