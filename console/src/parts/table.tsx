import type { ReactNode } from 'react'
import { useTexts } from '../texts/index.tsx'

interface Props {
  readonly columns: readonly string[]
  /** A first column that only a screen reader hears of: for choosing rows. */
  readonly choose?: boolean
  /** A last column of the kind: for what can be done with a row. */
  readonly actions?: boolean
  readonly children: ReactNode
}

/** A table whose rows stand one below the other where the window is narrow. */
export function Table({ columns, choose = false, actions = false, children }: Props) {
  const { t } = useTexts()
  const unseen = (text: string) => (
    <th scope="col">
      <span className="visually-hidden">{text}</span>
    </th>
  )
  return (
    <table className="table stacks">
      <thead>
        <tr>
          {choose && unseen(t('runs.choose'))}
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
          {actions && unseen(t('pipelines.actions'))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}
