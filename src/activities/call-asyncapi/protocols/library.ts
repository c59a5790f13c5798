import { fault } from '../../../workflow/index.ts'

/** Loads what not everybody needs, on first use. Throws a `configuration` fault that says what to install. */
export async function library<T>(name: string, protocol: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string }
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw fault(
      'configuration',
      `The protocol ${protocol} needs the package ${name}, which is not installed: run \`npm install ${name}\` where sluse is installed. (${message.split('\n')[0]})`,
    )
  }
}
