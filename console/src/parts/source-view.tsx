import type { Tone } from './status.tsx'

export interface SourceMark {
  /** From 1. */
  readonly line: number
  readonly tone: Tone
  readonly text: string
}

interface Props {
  readonly source: string
  readonly marks: readonly SourceMark[]
  readonly label: string
  /** Only so many lines around the first mark. */
  readonly around?: number
}

/** A definition's text with its lines numbered, and what is to be said of a line below it. */
export function SourceView({ source, marks, label, around }: Props) {
  const lines = source.replace(/\n$/, '').split('\n')
  const [first] = marks
  const from = around === undefined || !first ? 0 : Math.max(0, first.line - 1 - around)
  const to = around === undefined || !first ? lines.length : first.line + around
  return (
    <div className="source" tabIndex={0} role="region" aria-label={label}>
      <ol>
        {lines.slice(from, to).map((text, index) => {
          const line = from + index + 1
          const here = marks.filter((mark) => mark.line === line)
          return [
            <li key={line} id={`line-${line}`} data-line={line} data-tone={here[0]?.tone}>
              {text === '' ? ' ' : text}
            </li>,
            ...here
              .filter((mark) => mark.text !== '')
              .map((mark, at) => (
                <li key={`${line}-${at}`} className="remark" data-tone={mark.tone}>
                  {mark.text}
                </li>
              )),
          ]
        })}
      </ol>
    </div>
  )
}
