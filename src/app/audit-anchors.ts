import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../config/index.ts'
import type { Database } from '../database/index.ts'
import type { Anchor } from '../history/index.ts'

const fileName = 'audit-anchors.ndjson'
const everyMs = 600_000

/**
 * Writes down where the audit log ends, apart from the database: now and then to a file beside it, and to the log of
 * the server, which an operator gathers elsewhere. Who changes the database alone is found out by them.
 */
export function keepAnchors(database: Database, folder: string, log: Log): { close(): Promise<void> } {
  let kept = 0
  const keep = async () => {
    const [head] = await database.query<{ number: number; hash: string }>(
      'SELECT number, hash FROM audit_head',
    )
    if (!head || head.number === kept) return
    kept = head.number
    const anchor = { number: head.number, hash: head.hash, at: new Date().toISOString() }
    await appendFile(join(folder, fileName), `${JSON.stringify(anchor)}\n`, { mode: 0o600 })
    log('info', 'The audit log stands here.', { number: head.number, hash: head.hash })
  }
  const attempt = async () =>
    keep().catch((error: unknown) =>
      log('warn', 'The audit log cannot be anchored.', { error: String(error) }),
    )
  const timer = setInterval(() => void attempt(), everyMs)
  timer.unref()
  return {
    close: async () => {
      clearInterval(timer)
      await attempt()
    },
  }
}

/** The anchors in the data folder, or in a file that was kept elsewhere; a line that is none is passed over. */
export async function readAnchors(folder: string, file = join(folder, fileName)): Promise<Anchor[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap((line) => {
    try {
      const { number, hash } = JSON.parse(line) as Partial<Anchor>
      return typeof number === 'number' && typeof hash === 'string' ? [{ number, hash }] : []
    } catch {
      return []
    }
  })
}
