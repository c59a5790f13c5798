import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Resolves when what a file holds is on disk; of a folder, the names in it: until then a power cut may undo a rename, or
 * take a new file away.
 */
export async function syncToDisk(path: string): Promise<Stats> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
    return await handle.stat()
  } finally {
    await handle.close()
  }
}
