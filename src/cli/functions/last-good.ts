import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ListedFunction } from '../../app.ts'
import { notSource } from './not-source.ts'

/** Functions as they were when they last could be run. */
export interface LastGood {
  /** It can be run: this is what is gone back to, and it is run from its own folder. */
  keep(one: ListedFunction): Promise<void>
  /** It cannot be run: what was kept is run in its stead. Says whether there is any. */
  goBack(one: ListedFunction): boolean
}

/** Keeps copies in `root` (absolute). In `folders` is where to run a function from, where it is not its own folder. */
export function openLastGood(root: string, folders: Map<string, string>): LastGood {
  const kept = new Set<string>()
  return {
    async keep({ name, version, folder }) {
      const reference = `${name}:${version}`
      const copy = join(root, name, version)
      folders.delete(reference)
      await rm(copy, { recursive: true, force: true })
      await mkdir(copy, { recursive: true })
      for (const entry of await readdir(folder)) {
        // What tools have written or fetched is much, and a build that fails leaves it alone.
        if (notSource.test(entry)) await symlink(join(folder, entry), join(copy, entry))
        else await cp(join(folder, entry), join(copy, entry), { recursive: true })
      }
      kept.add(reference)
    },
    goBack({ name, version }) {
      const reference = `${name}:${version}`
      if (kept.has(reference)) folders.set(reference, join(root, name, version))
      return kept.has(reference)
    },
  }
}
