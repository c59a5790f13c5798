import { realpath } from 'node:fs/promises'
import { isAbsolute, join, sep } from 'node:path'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityOptions } from '../activity.ts'
import { optionalObject, optionalText, textOf } from '../input.ts'
import { asText, readProcess, type ProcessInput } from '../../processes/index.ts'

/** A container to run, as the definition has it, checked. */
export interface Container extends ProcessInput {
  readonly image: string
  readonly name: string | undefined
  readonly command: string | undefined
  readonly ports: readonly PortMapping[]
  /** As the engine takes them: `source:target[:ro]`. */
  readonly volumes: readonly string[]
  readonly pullPolicy: PullPolicy
  /** How many milliseconds after its end it is removed; `never` not at all. */
  readonly cleanup: number | 'never'
  /** Most memory, where it is another than that of all containers. */
  readonly memoryBytes?: number
  /** Most bytes of its standard output, where they are others than those of all containers. */
  readonly maxOutputBytes?: number
}

export type PullPolicy = 'ifNotPresent' | 'always' | 'never'

export interface PortMapping {
  readonly hostAddress: string
  readonly hostPort: number
  /** `80/tcp`. */
  readonly containerPort: string
}

export async function readContainer(input: JsonObject, options: ActivityOptions): Promise<Container> {
  const name = optionalText(input, 'name')
  if (name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) {
    throw fault(
      'validation',
      `${JSON.stringify(name.slice(0, 100))} cannot name a container: letters, digits, '_', '.' and '-' can.`,
    )
  }
  return {
    ...readProcess(input),
    image: imageOf(textOf(input, 'image')),
    name,
    command: optionalText(input, 'command'),
    ports: Object.entries(optionalObject(input, 'ports') ?? {}).map(([host, target]) => portOf(host, target)),
    volumes: await Promise.all(
      Object.entries(optionalObject(input, 'volumes') ?? {}).map(([source, target]) =>
        volumeOf(source, target, options),
      ),
    ),
    pullPolicy: pullPolicyOf(input['pullPolicy']),
    cleanup: cleanupOf(optionalObject(input, 'lifetime')),
    ...(typeof input['memoryBytes'] === 'number' && { memoryBytes: input['memoryBytes'] }),
    ...(typeof input['maxOutputBytes'] === 'number' && { maxOutputBytes: input['maxOutputBytes'] }),
  }
}

/** With its tag: without one, the engine would pull every tag that there is. */
function imageOf(image: string): string {
  if (!/^[a-zA-Z0-9][\w.:/@-]*$/.test(image) || image.includes('..')) {
    throw fault('validation', `${JSON.stringify(image.slice(0, 200))} is not the name of an image.`)
  }
  return image.includes('@') || /:[^/]+$/.test(image) ? image : `${image}:latest`
}

/** `8080: 80`; `0.0.0.0:5353: 53/udp`. Reached from this machine alone, unless an address says otherwise. */
function portOf(host: string, target: Json): PortMapping {
  const [, hostAddress = '127.0.0.1', hostPort] = /^(?:(.+):)?(\d{1,5})$/.exec(host.trim()) ?? []
  const [, port, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(asText(target).trim()) ?? []
  if (!isPort(hostPort) || !isPort(port)) {
    throw fault(
      'validation',
      `The port mapping ${JSON.stringify(host)}: ${asText(target)} is not host port to container port.`,
    )
  }
  return { hostAddress, hostPort: Number(hostPort), containerPort: `${port}/${protocol}` }
}

const isPort = (text: string | undefined) => text !== undefined && Number(text) >= 1 && Number(text) <= 65535

/**
 * `data: /data` is a volume of the engine; a path is one of this machine, below the project's folder or the
 * downloads. No other: whoever mounts any folder of a machine into a container is that machine's administrator.
 */
async function volumeOf(source: string, target: Json, options: ActivityOptions): Promise<string> {
  const [, path, mode = 'rw'] = /^(\/[^:]*)(?::(ro|rw))?$/.exec(asText(target)) ?? []
  if (path === undefined) {
    throw fault(
      'validation',
      `The volume ${source} is mapped to ${asText(target)}, which is no absolute path.`,
    )
  }
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(source)) return `${source}:${path}:${mode}`
  const given = isAbsolute(source) ? source : join(options.projectFolder ?? '/', source)
  const real = await realpath(given).catch(() => undefined)
  const roots = await Promise.all(
    [options.projectFolder, join(options.dataFolder, 'files')].map(
      (root) => root && realpath(root).catch(() => undefined),
    ),
  )
  if (
    real === undefined ||
    real.includes(':') ||
    !roots.some((root) => root && (real + sep).startsWith(root + sep))
  ) {
    throw fault(
      'authorization',
      `The folder ${source} may not be given to a container: only what lies below the project's folder, or a volume of the engine by its name.`,
    )
  }
  return `${real}:${path}:${mode}`
}

function pullPolicyOf(value: Json | undefined): PullPolicy {
  if (value === undefined || value === null) return 'ifNotPresent'
  if (value === 'ifNotPresent' || value === 'always' || value === 'never') return value
  throw fault('configuration', '`pullPolicy` is one of ifNotPresent, always and never.')
}

/** dsl-reference.md, "Container Lifetime". */
function cleanupOf(lifetime: JsonObject | undefined): number | 'never' {
  const { cleanup = 'never', after } = lifetime ?? {}
  if (cleanup === 'never') return 'never'
  if (cleanup === 'always') return 0
  const milliseconds = isObject(after) ? after['milliseconds'] : undefined
  if (cleanup === 'eventually' && typeof milliseconds === 'number') return milliseconds
  throw fault(
    'configuration',
    '`lifetime` has `cleanup`: always, never, or eventually and then also `after`.',
  )
}
