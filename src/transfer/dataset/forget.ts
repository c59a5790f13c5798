import type { Means } from '../carry-out.ts'

/**
 * Destroys the key of what lies under this name: nobody can read it from then on. Then removes the rest, too; where
 * that cannot be done now, it is swept away later.
 */
export async function forget(name: string, { keys, storage, log }: Pick<Means, 'keys' | 'storage' | 'log'>) {
  await keys.destroy(name)
  await storage.remove(name).catch((error: unknown) => {
    const what = 'A dataset whose key is destroyed could not be removed yet.'
    log('warn', what, { dataset: name, where: storage.place, why: String(error) })
  })
}
