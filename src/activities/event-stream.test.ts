import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventStreamReader, type StreamEvent } from './event-stream.ts'

function read(chunks: readonly Uint8Array[], maxBytes = 1000): StreamEvent[] {
  const events: StreamEvent[] = []
  const reader = eventStreamReader((event) => events.push(event), maxBytes)
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return events
}

const text = ': comment\nid: 7\nevent: news\ndata: æ\ndata:  ø\n\r\nretry: 5\r\ndata\r\n\r\n\ndata: cut off'

describe('a stream of events', () => {
  it('is read by the rules of the standard', () => {
    expect(read([Buffer.from(text)])).toEqual([
      { event: 'news', data: 'æ\n ø', id: '7' },
      { event: 'message', data: '', id: '7' },
    ])
  })

  it('is the same wherever it is cut, whatever ends its lines', () => {
    const ends = fc.constantFrom('\n', '\r\n', '\r')
    fc.assert(
      fc.property(ends, fc.array(fc.nat(200)), (end, cuts) => {
        const bytes = Buffer.from(`id: 1\ndata: æ\ndata: b\n\ndata: c\n\n`.replaceAll('\n', end))
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
        const chunks = at.slice(1).map((to, index) => bytes.subarray(at[index], to))
        expect(read(chunks)).toEqual([
          { event: 'message', data: 'æ\nb', id: '1' },
          { event: 'message', data: 'c', id: '1' },
        ])
      }),
    )
  })

  it('may not hold an event without end', () => {
    expect(() => read([Buffer.from('data: x\n'.repeat(2000))])).toThrow('longer than the 1000 bytes')
    expect(() => read([Buffer.from('x'.repeat(2000))])).toThrow('longer')
  })
})
