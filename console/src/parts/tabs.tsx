import { Link } from 'wouter'

/** Parts of a page, each with an address of its own. */
export function Tabs({
  label,
  tabs,
  current,
}: {
  readonly label: string
  readonly tabs: readonly { readonly id: string; readonly text: string; readonly href: string }[]
  readonly current: string
}) {
  return (
    <nav className="tabs" aria-label={label}>
      <ul>
        {tabs.map(({ id, text, href }) => (
          <li key={id}>
            <Link href={href} replace aria-current={id === current ? 'page' : undefined}>
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
