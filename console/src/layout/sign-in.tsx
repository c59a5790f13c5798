import { signInAddress } from '../api/me.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { useTexts } from '../texts/index.tsx'

export function SignIn() {
  const { t } = useTexts()
  return (
    <>
      <PageTitle title={t('signIn.title')} />
      <p>{t('signIn.text')}</p>
      <a className="button primary" href={signInAddress()}>
        {t('signIn.go')}
      </a>
    </>
  )
}
