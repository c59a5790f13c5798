/** Takes bytes apart into lines, none longer than `most` bytes. */
export interface LineSplitter {
  push(chunk: Buffer): void
  /** Bytes of a line that has not ended. */
  readonly pending: number
}

/** `onLine` gets each line without its end (`\n` or `\r\n`); `onTooLong` is called once, and then nothing more is. */
export function splitLines(
  most: number,
  onLine: (line: Buffer) => void,
  onTooLong: () => void,
): LineSplitter {
  let parts: Buffer[] = []
  let pending = 0
  let broken = false
  const add = (part: Buffer) => {
    parts.push(part)
    pending += part.length
    if (pending > most) {
      broken = true
      parts = []
      onTooLong()
    }
  }
  return {
    get pending() {
      return pending
    },
    push(chunk) {
      let from = 0
      for (let end = chunk.indexOf(10); end >= 0 && !broken; end = chunk.indexOf(10, from)) {
        add(chunk.subarray(from, end))
        from = end + 1
        if (broken) return
        const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
        parts = []
        pending = 0
        onLine(line.at(-1) === 13 ? line.subarray(0, -1) : line)
      }
      if (!broken && from < chunk.length) add(chunk.subarray(from))
    },
  }
}
