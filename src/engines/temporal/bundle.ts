import { readFile } from 'node:fs/promises'
import { SluseError } from '../../errors.ts'

/** What runs in the sandbox, as it was bundled when this version was built. Throws `SLUSE-TEMPORAL-BUNDLE`. */
export async function builtBundle(): Promise<string> {
  try {
    return await readFile(new URL('./workflow-bundle.js', import.meta.url), 'utf8')
  } catch (error) {
    throw new SluseError('SLUSE-TEMPORAL-BUNDLE', error instanceof Error ? error.message : String(error))
  }
}
