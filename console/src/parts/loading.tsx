import { useTexts } from '../texts/index.tsx'

export function Loading() {
  const { t } = useTexts()
  return (
    <p className="loading" role="status">
      {t('loading')}
    </p>
  )
}
