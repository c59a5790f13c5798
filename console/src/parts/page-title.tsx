import { useEffect, useRef, type ReactNode } from 'react'

interface Props {
  readonly title: string
  /** Shown instead of the title, where it is more than text. */
  readonly children?: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
}

/** The path with which the visit began, until one leaves it. */
let landing: string | undefined = window.location.pathname

/**
 * The heading of a page. It names the document and takes the focus when the page opens, so that a keyboard begins
 * there and a screen reader says where one has come; but not on the first page of a visit.
 */
export function PageTitle({ title, children, lead, actions }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Sluse`
  }, [title])
  useEffect(() => {
    if (window.location.pathname !== landing) {
      landing = undefined
      heading.current?.focus({ preventScroll: true })
    }
    window.scrollTo(0, 0)
  }, [])
  return (
    <div className="page-head">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {children ?? title}
        </h1>
        {lead !== undefined && <p className="lead">{lead}</p>}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}
