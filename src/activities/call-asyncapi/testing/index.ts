/** What tests of `asyncapi` need: a document on disk, and calls by it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpSettings } from '../../../http/index.ts'
import type { Json, JsonObject } from '../../../workflow/index.ts'
import type { Activity, ActivityContext } from '../../activity.ts'
import { activityContext } from '../../testing/index.ts'
import { callAsyncapi } from '../index.ts'

export interface Caller {
  /** One call by this document, with all else of its `with`. */
  call(document: object, given: object, context?: Partial<ActivityContext>): Promise<Json>
  /** Ends the activity, as the end of a process in good order does, and begins anew. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function openCaller(http: HttpSettings = {}): Promise<Caller> {
  const folder = await mkdtemp(join(tmpdir(), 'sluse-test-'))
  const create = () => callAsyncapi({ dataFolder: folder, projectFolder: folder, http })
  let activity: Activity = create()
  let count = 0
  return {
    async call(document, given, context) {
      const file = `asyncapi-${++count}.json`
      await writeFile(join(folder, file), JSON.stringify(document))
      const input = { document: { endpoint: { uri: `file:${file}` } }, ...given }
      return activity.run(input, activityContext(context))
    },
    async restart() {
      await activity.close?.()
      activity = create()
    },
    async close() {
      await activity.close?.()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface ServerParts {
  readonly protocol: string
  readonly port: number
  readonly address: string
  readonly server?: JsonObject
  readonly channel?: JsonObject
  readonly operation?: JsonObject
  readonly message?: JsonObject
}

/** AsyncAPI 3 with two operations on one channel: `put` and `take`. */
export function twoWays({ protocol, port, address, server, channel, operation, message }: ServerParts) {
  const onThings = { channel: { $ref: '#/channels/things' }, ...operation }
  return {
    asyncapi: '3.0.0',
    info: { title: 'Things', version: '1' },
    defaultContentType: 'application/json',
    servers: { local: { host: `127.0.0.1:${port}`, protocol, ...server } },
    channels: { things: { address, messages: { thing: { ...message } }, ...channel } },
    operations: { put: { action: 'send', ...onThings }, take: { action: 'receive', ...onThings } },
  }
}
