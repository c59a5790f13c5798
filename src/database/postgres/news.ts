import type { Client, ClientConfig } from 'pg'
import { applicationName, connect, destroy } from './connect.ts'

/** Hears of the commits of other processes, and tells them of ours. */
export interface News {
  /** We have committed: the others are told soon, all that came meanwhile at once. */
  tell(): void
  close(): Promise<void>
}

const channel = 'sluse'
const pollMs = 5000

/**
 * Apart from the transactions, so that none waits for another because of it. What is lost with a connection, or with
 * the process that was to tell, is found by a look at the numbers of all who write, every few seconds. Resolves once
 * nothing that is committed from now on can be missed.
 */
export async function openNews(config: ClientConfig, heard: () => void): Promise<News> {
  let client: Client | undefined
  let opening: Promise<void> | undefined
  let telling: Promise<void> | undefined
  let untold = false
  let closed = false
  let seen: string | undefined

  const lost = () => {
    if (client) destroy(client)
    client = undefined
  }

  const open = async () => {
    const opened = await connect({ ...config, application_name: applicationName('hears') }, lost)
    try {
      // A note without worth: nothing is waited for.
      await opened.query(`SET synchronous_commit = off; LISTEN ${channel}`)
    } catch (error) {
      destroy(opened)
      throw error
    }
    const { processID } = opened as unknown as { processID: number }
    opened.on('notification', (note) => {
      if (note.processId !== processID) heard()
    })
    if (closed) return destroy(opened)
    client = opened
    if (untold) tell()
  }
  const connected = () =>
    (opening ??= open().finally(() => {
      opening = undefined
    }))

  const look = async () => {
    if (!client) await connected()
    const { rows } = (await client?.query(
      'SELECT coalesce(sum(news), 0)::text || count(*) AS seen FROM sluse_writers',
    )) ?? {
      rows: [],
    }
    const now = (rows[0] as { seen: string } | undefined)?.seen
    if (seen !== undefined && now !== seen) heard()
    seen = now
  }
  const tellAll = async () => {
    while (untold && client) {
      untold = false
      await client.query(`NOTIFY ${channel}`)
    }
  }

  const tell = () => {
    untold = true
    telling ??= tellAll()
      .catch(lost)
      .finally(() => {
        telling = undefined
      })
  }

  try {
    await look()
  } catch (error) {
    lost()
    throw error
  }
  const timer = setInterval(() => void look().catch(lost), pollMs)
  timer.unref()

  return {
    tell,
    async close() {
      clearInterval(timer)
      closed = true
      await opening?.catch(() => {})
      await telling
      await client?.end().catch(() => {})
    },
  }
}
