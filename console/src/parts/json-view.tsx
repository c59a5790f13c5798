import { Fragment, useState } from 'react'
import { useTexts } from '../texts/index.tsx'
import { CopyButton } from './copy-button.tsx'

/** What is longer is shown in part until it is asked for: a browser is slow with long texts. */
const shownAtFirst = 20_000
/** What is longer is shown without colours. */
const mostColoured = 100_000

/** A JSON value as text. Values are text, never markup. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const { t, many } = useTexts()
  const [whole, setWhole] = useState(false)
  const text = value === undefined ? '' : JSON.stringify(value, undefined, 2)
  const shown = whole ? text : text.slice(0, shownAtFirst)
  return (
    <div className="code-box">
      <div className="code-tools no-print">
        <CopyButton text={text} />
      </div>
      <pre tabIndex={0} role="group" aria-label={label}>
        {shown.length <= mostColoured ? coloured(shown) : shown}
        {shown.length < text.length && '…'}
      </pre>
      {shown.length < text.length && (
        <button type="button" className="button plain" onClick={() => setWhole(true)}>
          {t('json.showAll', { size: many('count.characters', text.length) })}
        </button>
      )}
    </div>
  )
}

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

function coloured(text: string) {
  const parts = []
  let at = 0
  for (const match of text.matchAll(tokens)) {
    const [token, string, colon] = match
    parts.push(<Fragment key={at}>{text.slice(at, match.index)}</Fragment>)
    const kind = string === undefined ? 'json-other' : colon === undefined ? 'json-string' : 'json-key'
    parts.push(
      <span key={`${match.index}`} className={kind}>
        {token}
      </span>,
    )
    at = match.index + token.length
  }
  parts.push(<Fragment key="rest">{text.slice(at)}</Fragment>)
  return parts
}
