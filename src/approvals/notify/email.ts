import { createHash } from 'node:crypto'
import type { UnderPolicies } from '../../http/index.ts'
import { fault } from '../../workflow/index.ts'
import type { Channel } from './outbox.ts'
import { messageOf } from './templates.ts'

export interface EmailSettings {
  /** `smtp://user@host:587` or `smtps://host`; the password comes apart. */
  readonly server: string
  readonly password?: string
  readonly from: string
  readonly showTitle: boolean
  /** Where people reach the console. */
  readonly link: (approval: string) => string
  readonly underPolicies?: UnderPolicies
}

const timeoutMs = 20_000
const longestMs = 120_000

/** Sends mails by SMTP. With `smtp:` TLS is used where the server offers it, and insisted on where one signs in. */
export async function emailChannel(settings: EmailSettings): Promise<Channel & { close(): void }> {
  // Loaded where mails are sent at all.
  const { createTransport } = await import('nodemailer')
  const url = new URL(settings.server)
  const user = decodeURIComponent(url.username)
  const secure = url.protocol === 'smtps:'
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: user !== '' && !secure,
    ...(user !== '' && { auth: { user, pass: settings.password ?? '' } }),
    pool: true,
    maxConnections: 2,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const { host } = new URL(settings.link(''))
  const underPolicies: UnderPolicies = settings.underPolicies ?? ((_uri, { signal }, send) => send(signal))
  const send: Channel = async ({ id, recipient, content }) => {
    const { subject, text } = messageOf(content, settings.link(content.approval), settings.showTitle)
    const mail = {
      from: settings.from,
      to: { name: content.name ?? '', address: recipient },
      subject,
      text,
      // The same for each attempt, so that a mailbox shows it once.
      messageId: `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@${host}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    }
    const call = { repeatable: () => false, signal: AbortSignal.timeout(longestMs) }
    await underPolicies(`${url.protocol}//${url.host}`, call, async () => {
      try {
        await transport.sendMail(mail)
      } catch (error) {
        throw asFault(error, url.host)
      }
    })
  }
  return Object.assign(send, { close: () => transport.close() })
}

/** Where the server was there and refused this mail, that says nothing of the server. */
function asFault(error: unknown, host: string): unknown {
  const {
    code = 'UNKNOWN',
    responseCode,
    message,
  } = error as Error & { code?: string; responseCode?: number }
  if (responseCode !== undefined && responseCode >= 500) return error
  return fault('communication', `The mail server ${host} took no mail: ${message}`, { cause: code })
}
