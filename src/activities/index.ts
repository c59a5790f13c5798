/**
 * What a task can do to the world. One folder per kind; adding one is that folder plus one line in `factories`.
 * Knows how to carry an effect out, nothing of runs: durability and retries are the engine's.
 */
import type { ActivityRunner } from '../engines/engine.ts'
import { openFunctions, type Functions } from '../functions/index.ts'
import { createHttpClient } from '../http/index.ts'
import { fault } from '../workflow/index.ts'
import type { Activity, ActivityFactory, ActivityOptions } from './activity.ts'
import { authorize } from './authorize/index.ts'
import { callA2a } from './call-a2a/index.ts'
import { callAsyncapi } from './call-asyncapi/index.ts'
import { callGrpc } from './call-grpc/index.ts'
import { callHttp } from './call-http/index.ts'
import { callMcp } from './call-mcp/index.ts'
import { callOpenapi } from './call-openapi/index.ts'
import { functionActivity } from './function/index.ts'
import { guardedBy, guardedHttp } from './guarded.ts'
import { invoke } from './invoke/index.ts'
import { resource } from './resource/index.ts'
import { runContainer } from './run-container/index.ts'
import { runScript } from './run-script/index.ts'
import { runShell } from './run-shell/index.ts'

export { spokenProtocols } from './call-asyncapi/index.ts'
export { classifyCall, guardedBy, guardedHttp, type Guarded } from './guarded.ts'
export type { Activity, ActivityContext, ActivityFactory, ActivityOptions } from './activity.ts'

/** Every kind there is, one line each. */
const factories: readonly ActivityFactory[] = [
  callHttp,
  callOpenapi,
  resource,
  functionActivity,
  authorize,
  runShell,
  runScript,
  runContainer,
  callGrpc,
  callMcp,
  callA2a,
  callAsyncapi,
]

/** The runner, with its end: `close` lets go of pooled connections and whatever the activities keep. */
export type ClosableRunner = ActivityRunner & {
  /** The project's functions, for whoever calls them otherwise than by an activity. */
  readonly functions: Functions
  close(): Promise<void>
}

/** Carries out activities of every kind. Options are checked by whoever reads the settings. */
export function createActivityRunner(
  options: ActivityOptions,
  kinds: readonly ActivityFactory[] = factories,
): ClosableRunner {
  const http = createHttpClient(options.http, guardedBy(options.guard, { attempt: 0 }))
  const activities = new Map<string, Activity>()
  for (const create of kinds) {
    const activity = create(options)
    activities.set(activity.name, activity)
  }

  const run: ActivityRunner = async ({ kind, input, ...request }) => {
    const activity = activities.get(kind)
    if (!activity) throw fault('configuration', `This server carries out no activity of kind '${kind}'.`)
    request.signal.throwIfAborted()
    const guarded = guardedBy(options.guard, request)
    return activity.run(input, { ...request, guarded, http: guardedHttp(http, guarded) })
  }

  const functions = openFunctions({
    activities: run,
    http,
    ...options.functions,
    ...(options.projectFolder !== undefined && { projectFolder: options.projectFolder }),
    ...(options.catalogs && { catalogs: options.catalogs }),
    ...(options.functionFolders && { functionFolders: options.functionFolders }),
    ...(options.processes && { processes: options.processes }),
    ...(options.log && { log: options.log }),
  })
  activities.set('invoke', invoke(functions))

  const close = async () => {
    await functions.close()
    await Promise.all([...activities.values()].map(async (activity) => activity.close?.()))
    await http.close()
  }

  return Object.assign(run, { functions, close })
}
