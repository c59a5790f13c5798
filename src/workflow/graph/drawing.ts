/** A Mermaid flowchart as it is drawn: nodes within their frames, and the edges after them all. */
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

export class Drawing {
  readonly #lines: string[] = []
  readonly #edges: string[] = []
  #last = 0
  #depth = 1
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
    return id
  }

  edge(from: string, to: string, label = '', style: 'solid' | 'dashed' = 'solid'): void {
    const arrow = style === 'solid' ? '-->' : '-.->'
    this.#edges.push(`  ${from} ${arrow}${label === '' ? '' : `|"${escaped(label)}"|`} ${to}`)
  }

  /** A frame around what `draw` draws. */
  group(title: string, draw: () => void): void {
    this.#line(`subgraph g${++this.#last}["${escaped(title)}"]`)
    this.#depth++
    draw()
    this.#depth--
    this.#line('end')
  }

  /** Where uncaught errors end. */
  fault(): string {
    return (this.#fault ??= this.reserve())
  }

  toString(): string {
    if (this.#fault !== undefined) this.node('circle', 'faulted', this.#fault)
    // An edge draws its nodes into the frame that it stands in, so all edges come last.
    return ['flowchart TD', ...this.#lines, ...this.#edges, ''].join('\n')
  }

  #line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text)
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
