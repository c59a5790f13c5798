import type { Readable } from 'node:stream'
import { fault } from '../../workflow/index.ts'

const tailBytes = 4096

/**
 * Takes the two streams apart (Docker Engine API, "Attach": a frame is a byte that names the stream, three of
 * zero, four of length, then the content). What is not asked for is kept only at its end, to explain a failure.
 */
export async function outputOf(
  frames: Readable,
  keep: { readonly stdout: boolean; readonly stderr: boolean },
  most: number,
  name: string,
): Promise<{ stdout: Uint8Array; stderr: Uint8Array }> {
  const collected = { stdout: collector(), stderr: collector() }
  let rest: Buffer = Buffer.alloc(0)
  let open: { stream: 'stdout' | 'stderr'; left: number } | undefined
  for await (const chunk of frames as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      if (!open) {
        if (rest.length < 8) break
        open = { stream: rest[0] === 2 ? 'stderr' : 'stdout', left: rest.readUInt32BE(4) }
        rest = rest.subarray(8)
      }
      if (rest.length === 0 && open.left > 0) break
      const part = rest.subarray(0, open.left)
      rest = rest.subarray(part.length)
      open.left -= part.length
      const { stream } = open
      if (open.left === 0) open = undefined
      const to = collected[stream]
      if (!keep[stream]) to.keepEnd(part)
      else if (to.add(part) > most) {
        const title = stream === 'stdout' ? 'standard output' : 'standard error'
        throw fault(
          'runtime',
          `${name} wrote more than the ${most} bytes allowed to ${title}, and was stopped.`,
          { exceeded: 'output' },
        )
      }
    }
  }
  if (open || rest.length > 0) throw fault('runtime', `The output of ${name} broke off within a part of it.`)
  return { stdout: collected.stdout.bytes(), stderr: collected.stderr.bytes() }
}

function collector() {
  let parts: Buffer[] = []
  let size = 0
  return {
    add(part: Buffer): number {
      parts.push(part)
      return (size += part.length)
    },
    keepEnd(part: Buffer): void {
      parts = [Buffer.concat([...parts, part]).subarray(-tailBytes)]
    },
    bytes: (): Uint8Array => Buffer.concat(parts),
  }
}
