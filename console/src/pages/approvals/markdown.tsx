import type { ReactNode } from 'react'
import { useTexts } from '../../texts/index.tsx'

/** What the server has read of Markdown: a tree without any HTML in it. Each node becomes an element of ours. */
interface Node {
  readonly type: string
  readonly value?: string
  readonly children?: readonly Node[]
  readonly level?: number
  readonly ordered?: boolean
  readonly url?: string
  readonly host?: string
}

export function Markdown({ nodes }: { readonly nodes: readonly unknown[] }) {
  return <>{(nodes as readonly Node[]).map((node, index) => shown(node, index))}</>
}

function shown(node: Node, key: number): ReactNode {
  const children = node.children?.map((child, index) => shown(child, index))
  switch (node.type) {
    case 'text':
      return node.value
    case 'code':
      return <code key={key}>{node.value}</code>
    case 'codeBlock':
      return (
        <pre key={key} tabIndex={0}>
          {node.value}
        </pre>
      )
    case 'heading':
      // The page has its own heading, and that of this part: these are below.
      return <h3 key={key}>{children}</h3>
    case 'paragraph':
      return <p key={key}>{children}</p>
    case 'strong':
      return <strong key={key}>{children}</strong>
    case 'emphasis':
      return <em key={key}>{children}</em>
    case 'quote':
      return <blockquote key={key}>{children}</blockquote>
    case 'list':
      return node.ordered === true ? <ol key={key}>{children}</ol> : <ul key={key}>{children}</ul>
    case 'item':
      return <li key={key}>{children}</li>
    case 'link':
      return <SafeLink key={key} url={node.url ?? ''} host={node.host} children={children} />
    case 'break':
      return <br key={key} />
    case 'rule':
      return <hr key={key} />
    default:
      return children
  }
}

/** Leads only to the web, and says where before one goes. */
function SafeLink({
  url,
  host,
  children,
}: {
  readonly url: string
  readonly host: string | undefined
  readonly children: ReactNode
}) {
  const { t } = useTexts()
  if (!/^https?:\/\//i.test(url) && !/^mailto:/i.test(url)) return <>{children}</>
  return (
    <>
      <a href={url} target="_blank" rel="noopener noreferrer">
        {children}
        <span className="visually-hidden"> {t('link.newWindow')}</span>
      </a>
      {host !== undefined && <span className="hint"> ({host})</span>}
    </>
  )
}
