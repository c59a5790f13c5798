import { Link } from 'wouter'
import type { Tone } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'

export interface Tile {
  readonly id: string
  readonly href: string
  readonly label: string
  readonly number: number
  /** There are more than were counted. */
  readonly more?: boolean
  readonly tone: Tone
  readonly note?: string
}

/** Numbers that lead to what they count. One that is none is pale: nothing to look at there. */
export function Tiles({ tiles }: { readonly tiles: readonly Tile[] }) {
  const { number } = useTexts()
  return (
    <ul className="tiles">
      {tiles.map((tile) => (
        <li key={tile.id}>
          <Link
            href={tile.href}
            className="tile"
            data-tone={tile.number === 0 ? undefined : tile.tone}
            data-none={tile.number === 0}
          >
            <span className="tile-number">{number(tile.number) + (tile.more ? '+' : '')}</span>
            <span className="tile-label">{tile.label}</span>
            {tile.note !== undefined && <small>{tile.note}</small>}
          </Link>
        </li>
      ))}
    </ul>
  )
}
