import type { Readable } from 'node:stream'
import { splitLines } from './split-lines.ts'

/** Longest line that is logged whole. */
const mostOfALine = 8192
const tailCharacters = 1000

/**
 * Standard error is the log: each line goes to `log`, up to `most` bytes in all. Gives the end of what was said, to
 * explain a failure.
 */
export function logLines(
  stream: Readable,
  most: number,
  log: (line: string) => void,
): { readonly tail: () => string } {
  let bytes = 0
  let tail = ''
  const take = (text: string) => {
    const line = text.trimEnd()
    if (line === '') return
    tail = `${tail}\n${line}`.slice(-tailCharacters)
    const before = bytes
    bytes += Buffer.byteLength(text) + 1
    if (bytes <= most) log(line)
    else if (before <= most) log(`(more than ${most} bytes of log: the rest is left out)`)
  }
  const newSplitter = () =>
    splitLines(
      mostOfALine,
      (line) => take(line.toString('utf8')),
      () => {
        take('(a line longer than 8 kB)')
        splitter = newSplitter()
      },
    )
  let splitter = newSplitter()
  stream.on('data', (chunk: Buffer) => splitter.push(chunk))
  stream.on('error', () => {})
  return { tail: () => tail.trim() }
}
