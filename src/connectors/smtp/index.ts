/** Mail by SMTP. Dapr calls the type `bindings.smtp`. */
import type { Transporter } from 'nodemailer'
import { fault, isObject, problem, type Json, type JsonObject, type Problem } from '../../workflow/index.ts'
import type { Connector, ConnectionSettings, ConnectorHost, RecordBatch, WriteResult } from '../connector.ts'
import { clientFault } from '../messages/index.ts'

export const smtp: Connector = {
  type: 'bindings.smtp',
  about: 'Mail: every record is one.',
  metadata: {
    host: { about: 'The mail server.', type: 'text', required: true },
    port: {
      about: 'Its port. 465 speaks TLS from the start, others change to it.',
      type: 'number',
      default: 587,
    },
    user: { about: 'The user, where the server asks for one.', type: 'text' },
    password: { about: "The user's password.", type: 'text', secret: true },
    emailFrom: { about: 'The sender.', type: 'text', required: true },
    emailTo: { about: 'Recipients, with semicolons between them, where a record names none.', type: 'text' },
    emailCC: { about: 'Further recipients, of every mail.', type: 'text' },
    emailBCC: { about: 'Recipients of every mail that the others do not see.', type: 'text' },
    subject: { about: 'The subject, where a record has none.', type: 'text' },
    priority: { about: 'From 1, the highest, to 5.', type: 'number', default: 3 },
    allowPlain: {
      about: 'Send without encryption, where the server has none: for a server on this machine.',
      type: 'boolean',
      default: false,
    },
  },
  targetOptions: {
    type: 'object',
    additionalProperties: false,
    properties: {
      to: { type: 'string', default: 'to', description: 'The member of a record that names the recipients.' },
      subject: { type: 'string', default: 'subject', description: 'The member that is the subject.' },
      text: { type: 'string', default: 'text', description: 'The member that is the text.' },
      html: { type: 'string', default: 'html', description: 'The member that is the text as HTML.' },
      attachments: {
        type: 'string',
        default: 'attachments',
        description:
          'The member that lists attachments: `{name, content, contentType}`, the content in base64.',
      },
    },
  },
  targetModes: ['append'],
  open(connection, host) {
    const where = `${String(connection.metadata.host)}:${String(connection.metadata.port)}`
    let opened: Promise<Transporter> | undefined
    const transport = () => (opened ??= createTransport(connection))
    return {
      check: (signal) =>
        host.guarded(
          async () => {
            const mailer = await transport()
            await mailer.verify().catch((error: unknown) => {
              throw clientFault(error, where)
            })
            return `${where} takes mail from us.`
          },
          { repeatable: true, signal },
        ),
      target: (options) => ({
        begin: async () => ({
          resumable: true,
          write: async (batch, signal) =>
            send(await transport(), batch, { connection, host, options, where }, signal),
          finish: async () => {},
          abort: async () => {},
        }),
      }),
      close: async () => (await opened)?.close(),
    }
  },
}

async function createTransport({ metadata }: ConnectionSettings): Promise<Transporter> {
  const { createTransport: create } = await import('nodemailer')
  const port = Number(metadata.port)
  return create({
    host: String(metadata.host),
    port,
    secure: port === 465,
    requireTLS: metadata.allowPlain !== true,
    pool: true,
    maxConnections: 1,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 60_000,
    ...(metadata.user !== undefined && {
      auth: { user: String(metadata.user), pass: String(metadata.password ?? '') },
    }),
    // Nothing of a record may make us read a file or call an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

interface Sending {
  readonly connection: ConnectionSettings
  readonly host: ConnectorHost
  readonly options: JsonObject
  readonly where: string
}

async function send(
  mailer: Transporter,
  batch: RecordBatch,
  sending: Sending,
  signal: AbortSignal,
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  for (const [index, record] of batch.values().entries()) {
    const mail = mailOf(record, sending)
    if ('type' in mail) {
      refused.push({ index, problem: mail })
      continue
    }
    // The same on every attempt: a mail program shows it once.
    const messageId = `<${batch.idempotencyKey(index).replace(/[^A-Za-z0-9.-]/g, '-')}@sluse.invalid>`
    try {
      await sending.host.guarded(() => mailer.sendMail({ ...mail, messageId }), { repeatable: false, signal })
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string }
      const about = code === 'EENVELOPE' || code === 'EMESSAGE'
      // Of those that begin with 5 it says itself that trying again does not help.
      if (about && responseCode !== undefined && responseCode >= 500) {
        refused.push({
          index,
          problem: problem('validation', `The mail server refused the mail (${responseCode}).`),
        })
        continue
      }
      throw clientFault(error, sending.where)
    }
  }
  return { refused, state: null }
}

function mailOf(record: Json, { connection: { metadata }, options }: Sending) {
  if (!isObject(record)) return problem('validation', 'A mail is an object with `to`, `subject` and `text`.')
  const member = (name: string) => record[String(options[name] ?? name)]
  const text = (name: string): string | undefined => {
    const value = member(name)
    return value === undefined || value === null
      ? undefined
      : typeof value === 'string'
        ? value
        : JSON.stringify(value)
  }
  const given = member('to')
  const to = Array.isArray(given) ? given.map(String) : addresses(text('to') ?? metadata.emailTo)
  if (to.length === 0) return problem('validation', 'The mail has no recipient.')
  if (to.some((address) => /[\r\n]/.test(address)))
    return problem('validation', 'A recipient is not an address.')
  const attachments = member('attachments')
  if (attachments !== undefined && attachments !== null && !Array.isArray(attachments)) {
    return problem('validation', 'The attachments are not a list.')
  }
  return {
    from: String(metadata.emailFrom),
    to,
    cc: addresses(metadata.emailCC),
    bcc: addresses(metadata.emailBCC),
    subject: text('subject') ?? String(metadata.subject ?? ''),
    text: text('text') ?? (text('html') === undefined ? JSON.stringify(record, null, 2) : undefined),
    html: text('html'),
    priority: priorityOf(Number(metadata.priority)),
    attachments: (attachments ?? []).map((each) => {
      const { name = 'fil', content = '', contentType } = isObject(each) ? each : {}
      return {
        filename: String(name),
        content: Buffer.from(String(content), 'base64'),
        ...(contentType !== undefined && { contentType: String(contentType) }),
      }
    }),
  }
}

const addresses = (value: unknown): string[] =>
  (typeof value === 'string' ? value : '')
    .split(';')
    .map((address) => address.trim())
    .filter((address) => address !== '')

function priorityOf(number: number): 'high' | 'normal' | 'low' {
  if (!(number >= 1 && number <= 5)) throw fault('configuration', 'The priority is from 1 to 5.')
  return number < 3 ? 'high' : number > 3 ? 'low' : 'normal'
}
