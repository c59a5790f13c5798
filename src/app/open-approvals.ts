import type { Access } from '../access/index.ts'
import {
  emailChannel,
  openApprovals,
  openOutbox,
  webhookChannel,
  type Approvals,
  type Channel,
} from '../approvals/index.ts'
import { guardedBy, guardedHttp } from '../activities/index.ts'
import type { Log, Settings } from '../config/index.ts'
import type { Database } from '../database/index.ts'
import type { Clock, Engine } from '../engines/index.ts'
import { SluseError } from '../errors.ts'
import type { AuditLog } from '../history/index.ts'
import { createHttpClient } from '../http/index.ts'
import type { Guard } from '../resilience/index.ts'
import { httpSettings } from './http-settings.ts'

interface Parts {
  readonly settings: Settings
  readonly database: Database
  readonly audit: AuditLog
  readonly access: Access
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly secret: (name: string) => Promise<unknown>
  readonly guard: Guard
}

/** Approvals, with the outbox from which people are told of them. */
export async function approvalsBy(parts: Parts): Promise<Approvals> {
  const { settings, database, audit, access, engine, clock, log } = parts
  const closers: (() => void | Promise<void>)[] = []
  const channels = await channelsBy(parts, closers)
  const outbox = openOutbox({ database, clock, channels, log })
  const approvals = openApprovals({
    database,
    audit,
    access,
    clock,
    publish: (events, statements) => engine.publish(events, statements),
    noticed: () => outbox.wake(),
    notifies: { email: channels.email !== undefined, webhook: settings.notifyWebhook !== undefined },
    log,
  })
  return {
    ...approvals,
    close: async () => {
      await approvals.close()
      await outbox.close()
      for (const each of closers) await each()
    },
  }
}

async function channelsBy({ settings, secret, guard }: Parts, closers: (() => void | Promise<void>)[]) {
  const { smtpServer, mailFrom, notifyWebhook } = settings
  const here = settings.publicUrl ?? `http://${settings.host}:${settings.port}`
  const link = (approval: string) => `${here}/approvals/${approval}`
  // What cannot be sent now is sent by the outbox, later.
  const guarded = guardedBy(guard, { attempt: 0, onFailure: 'caught' })
  const channels: { email?: Channel; webhook?: Channel } = {}
  const textOf = async (name: string) => {
    const value = await secret(name)
    return typeof value === 'string' ? value : undefined
  }
  if (smtpServer !== undefined) {
    if (mailFrom === undefined)
      throw new SluseError('SLUSE-SETTING', 'Mails need mailFrom: from whom they come.')
    const password = await textOf('smtpPassword')
    const email = await emailChannel({
      server: smtpServer,
      from: mailFrom,
      showTitle: settings.mailTitles,
      link,
      underPolicies: guarded,
      ...(password !== undefined && { password }),
    })
    closers.push(() => email.close())
    channels.email = email
  }
  if (notifyWebhook !== undefined) {
    const http = createHttpClient(await httpSettings(settings))
    closers.push(() => http.close())
    const key = await textOf('notifyWebhookSecret')
    channels.webhook = webhookChannel({
      url: notifyWebhook,
      link,
      http: guardedHttp(http, guarded),
      ...(key !== undefined && { secret: key }),
    })
  }
  return channels
}
