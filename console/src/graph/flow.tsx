import { useId, useMemo } from 'react'
import { Link } from 'wouter'
import { Status, toneOf, type RunStatus } from '../parts/status.tsx'
import { useTexts } from '../texts/index.tsx'
import './graph.css'
import {
  layoutOf,
  lineHeight,
  linesOf,
  type Box,
  type EdgePath,
  type FlowGraph,
  type FlowNode,
} from './layout.ts'

interface State {
  readonly status: RunStatus
  readonly count: number
}

interface Props {
  readonly graph: FlowGraph
  /** What became of the task with a pointer, in a run. */
  readonly states?: ReadonlyMap<string, State> | undefined
  readonly linkOf?: ((task: string) => string) | undefined
}

/** A pipeline as a picture, in a run with the states of its tasks; and the same as a table. */
export function Flow({ graph: given, states, linkOf }: Props) {
  const { t, maybe } = useTexts()
  const graph = useMemo(() => inWords(given, (word) => maybe(`graph.word.${word}`) ?? word), [given, maybe])
  const { width, height, boxes, edges } = useMemo(() => layoutOf(graph), [graph])
  const arrow = useId()
  return (
    <>
      <div className="flow" tabIndex={0} role="region" aria-label={t('graph.picture')}>
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={t('graph.label')}
        >
          <defs>
            <marker
              id={arrow}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              orient="auto-start-reverse"
            >
              <path d="M0 0l8 4-8 4z" className="flow-arrow" />
            </marker>
          </defs>
          {graph.frames.map((frame) => (
            <Frame key={frame.id} title={frame.title} box={boxes.get(frame.id)} />
          ))}
          {edges.map((edge, index) => (
            <Edge key={index} edge={edge} arrow={arrow} />
          ))}
          {graph.nodes.map((node) => (
            <Node
              key={node.id}
              node={node}
              box={boxes.get(node.id)}
              state={node.task === undefined ? undefined : states?.get(node.task)}
            />
          ))}
          {edges.map((edge, index) => (
            <Label key={index} edge={edge} />
          ))}
        </svg>
      </div>
      <FlowTable graph={graph} states={states} linkOf={linkOf} />
    </>
  )
}

/** The few words that the server itself puts into a graph, in the language of the reader. */
function inWords(graph: FlowGraph, translate: (word: string) => string): FlowGraph {
  return {
    frames: graph.frames,
    nodes: graph.nodes.map((node) =>
      node.task !== undefined && node.text.length > 1 ? node : { ...node, text: node.text.map(translate) },
    ),
    edges: graph.edges.map((edge) => ({ ...edge, label: translate(edge.label) })),
  }
}

function Frame({ title, box }: { readonly title: string; readonly box: Box | undefined }) {
  if (!box) return null
  const [x, y] = [box.x - box.width / 2, box.y - box.height / 2]
  return (
    <g className="flow-frame">
      <rect x={x} y={y} width={box.width} height={box.height} rx="6" />
      <text x={x + 8} y={y + 15}>
        {title.length > 60 ? `${title.slice(0, 59)}…` : title}
      </text>
    </g>
  )
}

interface NodeProps {
  readonly node: FlowNode
  readonly box: Box | undefined
  readonly state: State | undefined
}

function Node({ node, box, state }: NodeProps) {
  if (!box) return null
  const lines = linesOf(node)
  const top = box.y - ((lines.length - 1) * lineHeight) / 2 + 5
  return (
    <g className={`flow-node flow-${node.shape}`} data-tone={state && toneOf[state.status]}>
      <path d={outline(node.shape, box)} />
      {node.shape !== 'dot' &&
        lines.map((line, index) => (
          <text
            key={index}
            x={box.x}
            y={top + index * lineHeight}
            className={index === 0 ? 'flow-name' : 'flow-detail'}
          >
            {line}
          </text>
        ))}
      {state && node.shape !== 'dot' && state.count > 1 && (
        <text x={box.x + box.width / 2 - 4} y={box.y - box.height / 2 - 4} className="flow-count">
          ×{state.count}
        </text>
      )}
    </g>
  )
}

function outline(shape: FlowNode['shape'], { x, y, width, height }: Box): string {
  const [left, right, top, bottom] = [x - width / 2, x + width / 2, y - height / 2, y + height / 2]
  const round = (radius: number) =>
    `M${left + radius} ${top}H${right - radius}a${radius} ${radius} 0 0 1 ${radius} ${radius}V${bottom - radius}` +
    `a${radius} ${radius} 0 0 1 -${radius} ${radius}H${left + radius}a${radius} ${radius} 0 0 1 -${radius} -${radius}` +
    `V${top + radius}a${radius} ${radius} 0 0 1 ${radius} -${radius}z`
  switch (shape) {
    case 'dot':
    case 'circle':
    case 'stadium':
      return round(Math.min(width, height) / 2)
    case 'diamond':
    case 'hexagon': {
      const slant = Math.min(16, height / 2)
      return `M${left + slant} ${top}H${right - slant}L${right} ${y}L${right - slant} ${bottom}H${left + slant}L${left} ${y}z`
    }
    case 'flag':
      return `M${left} ${top}H${right}V${bottom}H${left}l8 ${-height / 2}z`
    case 'subroutine':
      return `${round(3)}M${left + 7} ${top}V${bottom}M${right - 7} ${top}V${bottom}`
    case 'box':
      return round(3)
  }
}

function Edge({ edge, arrow }: { readonly edge: EdgePath; readonly arrow: string }) {
  return (
    <path
      d={smooth(edge.points)}
      className="flow-edge"
      strokeDasharray={edge.dashed ? '5 4' : undefined}
      markerEnd={`url(#${arrow})`}
    />
  )
}

/** Through the middles between the points, so that corners are round. */
function smooth(points: EdgePath['points']): string {
  const [first, ...rest] = points
  const last = rest.at(-1)
  if (!first || !last) return ''
  const middle = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? last
    const end = index === rest.length - 2 ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 }
    return `Q${point.x} ${point.y} ${end.x} ${end.y}`
  })
  return `M${first.x} ${first.y}${middle.length > 0 ? middle.join('') : `L${last.x} ${last.y}`}`
}

function Label({ edge: { label, at } }: { readonly edge: EdgePath }) {
  if (label === '' || !at) return null
  const width = label.length * 6.6 + 8
  return (
    <g className="flow-label">
      <rect x={at.x - width / 2} y={at.y - 8} width={width} height={16} rx="2" />
      <text x={at.x} y={at.y + 4}>
        {label}
      </text>
    </g>
  )
}

/** The same for those who do not see the picture, or would rather read. */
function FlowTable({ graph, states, linkOf }: Props) {
  const { t } = useTexts()
  const names = new Map(graph.nodes.map(({ id, text }) => [id, text[0] ?? '']))
  const frames = new Map(graph.frames.map(({ id, title }) => [id, title]))
  const nodes = graph.nodes.filter(({ shape }) => shape !== 'dot')
  return (
    <details className="flow-table">
      <summary>{t('graph.table')}</summary>
      <table className="table stacks">
        <thead>
          <tr>
            <th scope="col">{t('graph.step')}</th>
            <th scope="col">{t('graph.does')}</th>
            <th scope="col">{t('graph.within')}</th>
            {states && <th scope="col">{t('graph.state')}</th>}
            <th scope="col">{t('graph.next')}</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ id, text, task, frame }) => {
            const state = task === undefined ? undefined : states?.get(task)
            const [name = '', ...details] = text
            const next = graph.edges
              .filter(({ from }) => from === id)
              .map(({ to, label }) => `${label === '' ? '' : `${label}: `}${names.get(to) || '…'}`)
            return (
              <tr key={id}>
                <th scope="row">
                  {task !== undefined && linkOf ? <Link href={linkOf(task)}>{name}</Link> : name}
                </th>
                <td>{details.join(' ')}</td>
                <td>{frame === undefined ? '' : frames.get(frame)}</td>
                {states && (
                  <td>
                    {state && <Status status={state.status} />}{' '}
                    {state && state.count > 1 && `×${state.count}`}
                  </td>
                )}
                <td>{next.join(', ')}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </details>
  )
}
