import type { TextKey } from '../texts/index.tsx'

export interface Section {
  readonly path: string
  readonly text: TextKey
  /** The permission without which it is not shown. */
  readonly needs?: string
}

export const sections: readonly Section[] = [
  { path: '/', text: 'section.overview' },
  { path: '/runs', text: 'section.runs', needs: 'runs.read' },
]
