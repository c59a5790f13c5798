import type { ReactNode } from 'react'

interface PanelProps {
  readonly title: string
  /** Titles of the columns, for who hears the page; who sees it needs none. */
  readonly columns: readonly string[]
  /** Said where there are no rows. */
  readonly empty?: string
  /** Where there is more of it. */
  readonly more?: ReactNode
  /** Rows of a table. */
  readonly children: readonly ReactNode[]
}

/** A few rows of something, one beside others on the overview. */
export function Panel({ title, columns, empty, more, children }: PanelProps) {
  return (
    <section className="panel">
      <header>
        <h2>{title}</h2>
        {children.length > 0 && more}
      </header>
      {children.length === 0 ? (
        <p className="empty">{empty}</p>
      ) : (
        <table className="table">
          <thead className="visually-hidden">
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
    </section>
  )
}
