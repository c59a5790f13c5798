import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startFakeEngine } from '../../servers/containers/engine.ts'
import { startExampleGreeter } from '../../servers/grpc/example-greeter.ts'
import { type Internet, openInternet } from '../../servers/internet/index.ts'
import { exampleHosts } from './hosts.ts'
import { petsDocument, startMessages } from './messages.ts'
import type { ExampleCase } from './table.ts'

/** All that the specification's examples speak to, on this machine. */
export interface Systems {
  readonly internet: Internet
  /** For the program under test. */
  readonly environment: { readonly [name: string]: string }
  /** Where it finds its commands: `npx` is a tool server of ours. */
  readonly path: string
  /** Resolves when the example's broker has sent all it is to send. */
  readonly sent: Promise<void>
  close(): Promise<void>
}

export async function startSystems({
  containers,
  messages,
  grpc,
}: Pick<ExampleCase, 'containers' | 'messages' | 'grpc'>): Promise<Systems> {
  const folder = mkdtempSync(join(tmpdir(), 'systems-'))
  const running = messages && (await startMessages(messages))
  const internet = await openInternet(exampleHosts(running?.document ?? petsDocument))
  const engine = await startFakeEngine(join(folder, 'containers.sock'))
  engine.registry.set('hello-world:latest', helloWorld).set('hello-world', helloWorld)
  engine.registry.set('alpine:latest', shell).set('alpine', shell)
  const greeter = grpc ? await startExampleGreeter() : undefined
  const commands = join(folder, 'bin')
  mkdirSync(commands)
  copyFileSync(
    fileURLToPath(new URL('../../servers/mcp/slack-stand-in.mjs', import.meta.url)),
    join(commands, 'npx'),
  )
  chmodSync(join(commands, 'npx'), 0o755)
  return {
    internet,
    environment: {
      DOCKER_HOST: containers === false ? `unix://${join(folder, 'none.sock')}` : engine.host,
      DOCKER_CONFIG: folder,
    },
    path: [commands, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    sent: running?.sent ?? Promise.resolve(),
    close: async () => {
      await running?.close()
      greeter?.close()
      await engine.close()
      await internet.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const helloWorld = { Cmd: ['/bin/echo', 'Hello from Docker!'] }
const shell = { Cmd: ['/bin/sh'] }
