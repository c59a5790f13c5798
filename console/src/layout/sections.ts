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
  { path: '/pipelines', text: 'section.pipelines', needs: 'pipelines.read' },
  { path: '/approvals', text: 'section.approvals', needs: 'approvals.read' },
  { path: '/transfers', text: 'section.transfers', needs: 'transfers.read' },
  { path: '/connections', text: 'section.connections', needs: 'connections.read' },
  { path: '/targets', text: 'section.targets', needs: 'targets.read' },
  { path: '/playground', text: 'section.playground' },
  { path: '/audit', text: 'section.audit', needs: 'audit.read' },
  { path: '/access', text: 'section.access' },
]
