import { Graph as Dagre, layout } from '@dagrejs/dagre'
import type { Schemas } from '../api/client.ts'

export type FlowGraph = Schemas['Graph']
export type FlowNode = FlowGraph['nodes'][number]

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** By id: of nodes and of frames. The middle is at `x`, `y`. */
  readonly boxes: ReadonlyMap<string, Box>
  readonly edges: readonly EdgePath[]
}

export interface EdgePath {
  readonly label: string
  readonly dashed: boolean
  readonly points: readonly { readonly x: number; readonly y: number }[]
  /** The middle of the label. */
  readonly at: { readonly x: number; readonly y: number } | undefined
}

export const lineHeight = 18
const widthOfCharacter = 7.4
export const longestLine = 34

/** Where everything goes: from top to bottom, frames around what belongs to them. */
export function layoutOf({ nodes, frames, edges }: FlowGraph): Layout {
  const graph = new Dagre({ compound: true, multigraph: true })
  graph.setGraph({ rankdir: 'TB', nodesep: 36, ranksep: 34, edgesep: 14, marginx: 12, marginy: 12 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of frames) graph.setNode(id, {})
  for (const node of nodes) graph.setNode(node.id, sizeOf(node))
  for (const { id, frame } of [...frames, ...nodes]) if (frame !== undefined) graph.setParent(id, frame)
  edges.forEach(({ from, to, label }, index) => {
    const text = shortened(label)
    const size = text === '' ? {} : { width: text.length * 6.6 + 8, height: 16, labelpos: 'c' }
    graph.setEdge(from, to, size, String(index))
  })
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  const boxes = new Map(graph.nodes().map((id) => [id, graph.node(id) as unknown as Box]))
  const paths = edges.map(({ from, to, label, dashed }, index) => {
    const {
      points = [],
      x,
      y,
    } = graph.edge(from, to, String(index)) as {
      points?: { x: number; y: number }[]
      x?: number
      y?: number
    }
    const at = x === undefined || y === undefined ? undefined : { x, y }
    return { label: shortened(label), dashed, points, at }
  })
  return { width, height, boxes, edges: paths }
}

/** The lines of a node as they fit. */
export function linesOf({ text }: FlowNode): string[] {
  return text.map((line) => shortened(line.replaceAll(/\s+/g, ' ')))
}

function shortened(text: string): string {
  return text.length > longestLine ? `${text.slice(0, longestLine - 1)}…` : text
}

function sizeOf(node: FlowNode): { width: number; height: number } {
  if (node.shape === 'dot') return { width: 12, height: 12 }
  const lines = linesOf(node)
  const longest = Math.max(...lines.map((line) => line.length), 2)
  const slanted = node.shape === 'diamond' || node.shape === 'hexagon' ? 44 : 28
  return {
    width: Math.max(64, longest * widthOfCharacter + slanted),
    height: lines.length * lineHeight + (node.shape === 'diamond' ? 26 : 16),
  }
}
