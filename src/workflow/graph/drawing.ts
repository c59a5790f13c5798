export type Shape = 'box' | 'circle' | 'diamond' | 'dot' | 'flag' | 'hexagon' | 'stadium' | 'subroutine'

const brackets: { readonly [shape in Shape]: readonly [string, string] } = {
  box: ['[', ']'],
  circle: ['((', '))'],
  diamond: ['{', '}'],
  dot: ['((', '))'],
  flag: ['>', ']'],
  hexagon: ['{{', '}}'],
  stadium: ['([', '])'],
  subroutine: ['[[', ']]'],
}

/** A definition as nodes within frames, and the edges between the nodes. Texts are as they were written: escape them. */
export interface Graph {
  readonly nodes: GraphNode[]
  readonly frames: GraphFrame[]
  readonly edges: GraphEdge[]
}

export interface GraphNode {
  readonly id: string
  readonly shape: Shape
  /** Lines. */
  readonly text: readonly string[]
  /** JSON pointer of the task that it stands for, or is a part of. */
  readonly task?: string
  /** The frame that it is in. */
  readonly frame?: string
}

export interface GraphFrame {
  readonly id: string
  readonly title: string
  readonly task?: string
  readonly frame?: string
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly dashed: boolean
}

/** A graph as it is drawn, and the same as a Mermaid flowchart: nodes within their frames, edges after them all. */
export class Drawing {
  readonly graph: Graph = { nodes: [], frames: [], edges: [] }
  readonly #lines: string[] = []
  #last = 0
  #frames: string[] = []
  #task: string | undefined
  #fault: string | undefined

  /** An id for a node that is drawn later, so that an edge can lead to it already. */
  reserve(): string {
    return `n${++this.#last}`
  }

  /** Draws a node; a text in parts is on lines of its own. */
  node(shape: Shape, text: string | readonly string[], id: string = this.reserve()): string {
    const [open, close] = brackets[shape]
    const lines = typeof text === 'string' ? [text] : text.filter((line) => line !== '')
    this.#line(`${id}${open}"${lines.map(escaped).join('<br/>') || ' '}"${close}`)
    this.graph.nodes.push({ id, shape, text: lines, ...this.#place() })
    return id
  }

  edge(from: string, to: string, label = '', style: 'solid' | 'dashed' = 'solid'): void {
    this.graph.edges.push({ from, to, label, dashed: style === 'dashed' })
  }

  /** A frame around what `draw` draws. */
  group(title: string, draw: () => void): void {
    const id = `g${++this.#last}`
    this.#line(`subgraph ${id}["${escaped(title)}"]`)
    this.graph.frames.push({ id, title, ...this.#place() })
    this.#frames.push(id)
    draw()
    this.#frames.pop()
    this.#line('end')
  }

  /** What `draw` draws stands for the task with this pointer. */
  task(pointer: string, draw: () => void): void {
    const around = this.#task
    this.#task = pointer
    draw()
    this.#task = around
  }

  /** Where uncaught errors end. */
  fault(): string {
    return (this.#fault ??= this.reserve())
  }

  /** Nothing can be drawn after this. */
  finish(): this {
    if (this.#fault !== undefined) this.node('circle', 'faulted', this.#fault)
    return this
  }

  toString(): string {
    const edges = this.graph.edges.map(({ from, to, label, dashed }) => {
      const arrow = dashed ? '-.->' : '-->'
      return `  ${from} ${arrow}${label === '' ? '' : `|"${escaped(label)}"|`} ${to}`
    })
    // An edge draws its nodes into the frame that it stands in, so all edges come last.
    return ['flowchart TD', ...this.#lines, ...edges, ''].join('\n')
  }

  #place() {
    const frame = this.#frames.at(-1)
    return { ...(this.#task !== undefined && { task: this.#task }), ...(frame !== undefined && { frame }) }
  }

  #line(text: string): void {
    this.#lines.push('  '.repeat(this.#frames.length + 1) + text)
  }
}

const longest = 120

/**
 * Text for a label in quotes. Whatever is not a letter, a digit or harmless punctuation becomes an entity, so
 * nothing of it can end the label, begin a directive, or be taken for HTML or Markdown.
 */
function escaped(text: string): string {
  const characters = [...text.replaceAll(/\s+/g, ' ').trim()]
  const shown = characters.length > longest ? [...characters.slice(0, longest - 1), '…'] : characters
  return shown
    .map((each) => (/[\p{L}\p{N} .,:/=+$?!…()[\]-]/u.test(each) ? each : `#${each.codePointAt(0)};`))
    .join('')
}
