import { Component, type ReactNode } from 'react'
import { useTexts } from '../texts/index.tsx'

interface Props {
  readonly children: ReactNode
}

/** A page that fails says so, and leaves the rest of the console usable. Going elsewhere begins anew. */
export class ErrorBoundary extends Component<Props, { readonly failed: boolean; readonly at: string }> {
  override state = { failed: false, at: '' }

  static getDerivedStateFromError() {
    return { failed: true, at: window.location.pathname }
  }

  override componentDidUpdate(): void {
    if (this.state.failed && this.state.at !== window.location.pathname) this.setState({ failed: false })
  }

  override render() {
    return this.state.failed ? <Failed /> : this.props.children
  }
}

function Failed() {
  const { t } = useTexts()
  return (
    <div className="notice" data-tone="bad" role="alert">
      <h1>{t('failed.title')}</h1>
      <p>{t('failed.text')}</p>
      <button type="button" className="button" onClick={() => window.location.reload()}>
        {t('failed.reload')}
      </button>
    </div>
  )
}
