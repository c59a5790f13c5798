import { useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useConnected, useLive } from '../api/live.ts'
import { signOut, useMe } from '../api/me.ts'
import { Loading } from '../parts/loading.tsx'
import { useTexts } from '../texts/index.tsx'
import { sections } from './sections.ts'
import { SignIn, signInPath } from './sign-in.tsx'

/** What is around every page: the way past the navigation, who is signed in, the language, the sections. */
export function Layout({ children }: { readonly children: ReactNode }) {
  const { t } = useTexts()
  const [open, setOpen] = useState(false)
  const [location] = useLocation()
  const me = useMe()
  const allowed = sections.filter(({ needs }) => me.can(needs))
  return (
    <>
      <a className="skip-link" href="#content">
        {t('layout.skip')}
      </a>
      <header className="site-header">
        <div className="page-width portal">
          <Link href="/" className="brand">
            <img src="/sluse.svg" alt="" width="32" height="32" />
            Sluse
          </Link>
          {me.can('runs.read') && <LiveMark />}
          <SignedIn />
          <LanguageSwitch />
          {allowed.length > 0 && (
            <button
              type="button"
              className="button small menu-button"
              aria-expanded={open}
              aria-controls="sections"
              onClick={() => setOpen(!open)}
            >
              {t('layout.menu')}
            </button>
          )}
        </div>
        {me.state === 'open' && (
          <div className="local-mode">
            <div className="page-width">{t('layout.local')}</div>
          </div>
        )}
        {allowed.length > 0 && (
          <nav className="site-nav" id="sections" aria-label={t('layout.sections')} data-open={open}>
            <div className="page-width">
              <ul>
                {allowed.map(({ path, text }) => (
                  <li key={path}>
                    <Link
                      href={path}
                      aria-current={isWithin(location, path) ? 'page' : undefined}
                      onClick={() => setOpen(false)}
                    >
                      {t(text)}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          </nav>
        )}
      </header>
      <main id="content" className="page-width" tabIndex={-1}>
        {me.state === 'signedOut' || location === signInPath ? (
          <SignIn me={me} />
        ) : me.state === 'unknown' ? (
          <Loading />
        ) : (
          children
        )}
      </main>
      <footer className="site-footer">
        <div className="page-width">
          <ul>
            <li>{t('layout.footer')}</li>
            <li>
              <a href="/openapi.json">{t('layout.api')}</a>
            </li>
          </ul>
        </div>
      </footer>
    </>
  )
}

function isWithin(location: string, path: string): boolean {
  return path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`)
}

function LiveMark() {
  const { t } = useTexts()
  const connected = useConnected()
  useLive(() => {})
  return (
    <span className="portal-item live-mark" data-live={connected} role="status">
      {t(connected ? 'layout.live' : 'layout.notLive')}
    </span>
  )
}

function LanguageSwitch() {
  const { language, setLanguage } = useTexts()
  const other = language === 'da' ? 'en' : 'da'
  return (
    <button
      type="button"
      className="button plain portal-item"
      lang={other}
      onClick={() => setLanguage(other)}
    >
      {other === 'da' ? 'Dansk' : 'English'}
    </button>
  )
}

function SignedIn() {
  const { t } = useTexts()
  const me = useMe()
  if (me.name === undefined) return null
  return (
    <>
      <span className="portal-item">
        <span className="visually-hidden">{t('layout.signedInAs')} </span>
        {me.name}
      </span>
      {me.known?.via === 'session' && (
        <button type="button" className="button plain portal-item" onClick={() => void signOut()}>
          {t('layout.signOut')}
        </button>
      )}
    </>
  )
}
