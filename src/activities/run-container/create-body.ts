import type { JsonObject } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'
import type { ProcessLimits } from '../../processes/index.ts'
import type { Container } from './container.ts'
import type { Image } from './engine.ts'

/** The body of `POST /containers/create` (Docker Engine API). */
export function createBody(
  container: Container,
  image: Image,
  context: Pick<ActivityContext, 'idempotencyKey' | 'runId'>,
  limits: ProcessLimits,
): JsonObject {
  const hasInput = container.stdin !== ''
  const environment = { SLUSE_IDEMPOTENCY_KEY: context.idempotencyKey, ...container.environment }
  return {
    Image: container.image,
    ...commandOf(container, image),
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Tty: false,
    AttachStdin: hasInput,
    OpenStdin: hasInput,
    StdinOnce: hasInput,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: Object.fromEntries(container.ports.map(({ containerPort }) => [containerPort, {}])),
    Labels: {
      'io.sluse.run': context.runId,
      'io.sluse.effect': context.idempotencyKey,
      ...(container.cleanup === 'never' ? {} : { 'io.sluse.cleanup': String(container.cleanup) }),
    },
    HostConfig: {
      Binds: [...container.volumes],
      PortBindings: portBindings(container),
      Memory: container.memoryBytes ?? limits.memoryBytes,
      SecurityOpt: ['no-new-privileges'],
    },
  }
}

/**
 * A `command` is text for the container's shell, with the arguments as `$1`, `$2`, … (so in the specification's
 * example), in place of the image's entry point. Without one, the arguments go to the image's entry point in place
 * of its default ones, or, where it has none, after its default command.
 */
function commandOf({ command, arguments: given }: Container, image: Image): JsonObject {
  if (command !== undefined) return { Entrypoint: ['/bin/sh', '-c', command, 'sh'], Cmd: [...given] }
  if (given.length === 0) return {}
  const entryPoint = image.Config?.Entrypoint ?? []
  return { Cmd: entryPoint.length > 0 ? [...given] : [...(image.Config?.Cmd ?? []), ...given] }
}

function portBindings({ ports }: Container): JsonObject {
  const bindings: { [port: string]: { HostIp: string; HostPort: string }[] } = {}
  for (const { hostAddress, hostPort, containerPort } of ports) {
    ;(bindings[containerPort] ??= []).push({ HostIp: hostAddress, HostPort: String(hostPort) })
  }
  return bindings
}
