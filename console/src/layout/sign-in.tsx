import { useEffect } from 'react'
import { useLocation } from 'wouter'
import { signInAddress, type Me } from '../api/me.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { useTexts } from '../texts/index.tsx'

/** Where one is led that has to sign in; and that could not: why, and what to do. */
export function SignIn({ me }: { readonly me: Me }) {
  const { t, maybe } = useTexts()
  const [location, navigate] = useLocation()
  const query = new URLSearchParams(window.location.search)
  const back = location === signInPath ? pathIn(query.get('return')) : undefined
  const code = location === signInPath ? query.get('problem') : null
  const failed = code !== null
  const signedIn = me.state === 'signedIn' || me.state === 'open'
  useEffect(() => {
    // Signed in after all, in another window perhaps.
    if (signedIn && back !== undefined) navigate(back, { replace: true })
  }, [signedIn, back, navigate])
  return (
    <>
      <PageTitle title={t(failed ? 'signIn.failed' : me.ended ? 'signIn.ended' : 'signIn.title')} />
      {failed ? (
        <div className="notice" data-tone="bad" role="alert">
          <p>{maybe(`signIn.${code}`) ?? t('signIn.failedText')}</p>
        </div>
      ) : (
        <p>{t(me.ended ? 'signIn.endedText' : 'signIn.text')}</p>
      )}
      <p>
        <a className="button primary" href={signInAddress(back)}>
          {t(failed ? 'signIn.again' : 'signIn.go')}
        </a>
      </p>
      {failed && (
        <p className="hint">{t('signIn.help', { code: /^SLUSE-[A-Z-]{1,40}$/.test(code) ? code : '' })}</p>
      )}
    </>
  )
}

export const signInPath = '/sign-in'

/** A path of this server, as the server itself takes it. */
function pathIn(text: string | null): string {
  return text !== null && /^\/(?![/\\])[!-[\]-~]*$/.test(text) ? text : '/'
}
