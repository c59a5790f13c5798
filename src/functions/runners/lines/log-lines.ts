import type { Readable } from 'node:stream'
import { splitLines } from './split-lines.ts'

/** Longest line that is logged whole, and most bytes of a process's log in all. */
const mostOfALine = 8192
const mostOfALog = 10_000_000
const tailCharacters = 1000

/** Standard error is the log: each line goes to `log`. Gives the end of what was said, to explain a failure. */
export function logLines(stream: Readable, log: (line: string) => void): { readonly tail: () => string } {
  let bytes = 0
  let tail = ''
  const take = (text: string) => {
    const line = text.trimEnd()
    if (line === '') return
    tail = `${tail}\n${line}`.slice(-tailCharacters)
    if (bytes <= mostOfALog) log(line)
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
  stream.on('data', (chunk: Buffer) => {
    const before = bytes
    bytes += chunk.length
    if (before <= mostOfALog && bytes > mostOfALog) log('(more than 10 MB of log: the rest is left out)')
    splitter.push(chunk)
  })
  stream.on('error', () => {})
  return { tail: () => tail.trim() }
}
