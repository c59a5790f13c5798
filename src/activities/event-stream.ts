/** An event of a stream of server-sent events. */
export interface StreamEvent {
  /** `message` where the stream says nothing. */
  readonly event: string
  readonly data: string
  /** The last id that was given so far. */
  readonly id: string
}

/** Takes a `text/event-stream` apart (WHATWG HTML, section 9.2.6), in pieces cut anywhere. */
export function eventStreamReader(take: (event: StreamEvent) => void, maxBytes: number) {
  const decoder = new TextDecoder()
  let rest = ''
  let event = ''
  let data: string[] = []
  let id = ''
  let retryMs: number | undefined

  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) take({ event: event || 'message', data: data.join('\n'), id })
      event = ''
      data = []
      return
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(text) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) id = value
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value)
  }

  return {
    push(chunk: Uint8Array): void {
      rest += decoder.decode(chunk, { stream: true })
      // A carriage return at the very end may be half of a line's end.
      for (let match; (match = /\r\n|\n|\r(?!$)/.exec(rest));) {
        line(rest.slice(0, match.index))
        rest = rest.slice(match.index + match[0].length)
      }
      const held = rest.length + data.reduce((sum, each) => sum + each.length, 0)
      if (held > maxBytes) throw new Error(`An event is longer than the ${maxBytes} bytes allowed.`)
    },
    /** What is not closed by an empty line at the end is not an event. */
    end(): void {
      if (rest.endsWith('\r')) line(rest.slice(0, -1))
    },
    lastId: () => id,
    retryMs: () => retryMs,
  }
}
