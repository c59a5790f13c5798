import { Link } from 'wouter'
import { PageTitle } from '../parts/page-title.tsx'
import { useTexts } from '../texts/index.tsx'

export function NotFound() {
  const { t } = useTexts()
  return (
    <>
      <PageTitle title={t('notFound.title')} />
      <p>{t('notFound.text')}</p>
      <Link href="/" className="button">
        {t('notFound.home')}
      </Link>
    </>
  )
}
