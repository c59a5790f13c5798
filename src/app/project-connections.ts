import { guardedBy } from '../activities/index.ts'
import type { openSecrets, Log, Settings } from '../config/index.ts'
import {
  connectorOf,
  openConnections,
  type ConnectionDeclaration,
  type Connections,
} from '../connectors/index.ts'
import { createHttpClient } from '../http/index.ts'
import { readConnections } from '../project/index.ts'
import type { Guard } from '../resilience/index.ts'
import type { Json } from '../workflow/index.ts'
import { httpSettings } from './http-settings.ts'

export interface ProjectConnections {
  readonly connections: Connections
  /** From now on these. */
  use(declared: readonly ConnectionDeclaration[]): void
  close(): Promise<void>
}

export interface ProjectConnectionsOptions {
  readonly settings: Settings
  readonly secrets: Awaited<ReturnType<typeof openSecrets>>
  readonly environment: { readonly [name: string]: string | undefined }
  readonly guard?: Guard
  readonly log: Log
}

/** The connections of the project, as they are declared now. */
export async function openProjectConnections(
  options: ProjectConnectionsOptions,
): Promise<ProjectConnections> {
  const { settings, secrets, environment, guard, log } = options
  const http = createHttpClient(await httpSettings(settings), guardedBy(guard, { attempt: 0 }))
  let declarations: readonly ConnectionDeclaration[] = await readConnections(settings.project)
  return {
    connections: openConnections({
      declarations: () => declarations,
      connectorOf,
      secrets: async (names) => (await secrets(names)) as { [name: string]: Json },
      environment,
      projectFolder: settings.project,
      dataFolder: settings.data,
      http,
      guard,
      now: Date.now,
      log,
    }),
    use(declared) {
      declarations = declared
    },
    close: () => http.close(),
  }
}
