import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fault } from '../../workflow/index.ts'
import type { PullPolicy } from './container.ts'
import { EngineError, type Engine, type Image } from './engine.ts'

/** The image as the engine has it, pulled before where the policy says so. */
export async function provideImage(
  engine: Engine,
  name: string,
  policy: PullPolicy,
  signal: AbortSignal,
): Promise<Image> {
  const there = await engine.image(name, signal)
  if (there && policy !== 'always') return there
  if (policy === 'never') {
    throw fault(
      'configuration',
      `The image ${name} is not on the container engine, and \`pullPolicy: never\` forbids to pull it.`,
    )
  }
  try {
    await pulled(await engine.pull(name, await registryAuthorization(name), signal))
  } catch (error) {
    if (signal.aborted) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw fault('communication', `The image ${name} cannot be pulled: ${why}`, {
      status: error instanceof EngineError ? error.status : 500,
    })
  }
  const image = await engine.image(name, signal)
  if (!image)
    throw fault('runtime', `The image ${name} was pulled, but the container engine does not have it.`)
  return image
}

async function pulled(progress: Readable): Promise<void> {
  for await (const line of createInterface({ input: progress })) {
    if (line.trim() === '') continue
    const { error } = JSON.parse(line) as { error?: unknown }
    if (typeof error === 'string') throw new Error(error)
  }
}

/** What `docker login` has left in its configuration for the image's registry, as the engine takes it. */
async function registryAuthorization(image: string): Promise<string | undefined> {
  const [first = ''] = image.split('/')
  const named = image.includes('/') && (/[.:]/.test(first) || first === 'localhost')
  const registry = named ? first : 'https://index.docker.io/v1/'
  const folder = process.env['DOCKER_CONFIG'] || join(homedir(), '.docker')
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}')
  try {
    const { auths = {} } = JSON.parse(text) as { auths?: { [registry: string]: { auth?: string } } }
    const auth = Object.hasOwn(auths, registry) ? auths[registry]?.auth : undefined
    if (auth === undefined) return undefined
    const [, username, password] = /^([^:]*):([^]*)$/.exec(Buffer.from(auth, 'base64').toString()) ?? []
    return Buffer.from(JSON.stringify({ username, password, serveraddress: registry })).toString('base64url')
  } catch {
    return undefined
  }
}
