import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { readAnchors } from '../../app.ts'
import { verifyAudit, type AuditRecord } from '../../history/index.ts'
import { answers, auditRecord, named, problems } from '../schemas.ts'
import type { Route } from './route.ts'

const text = (most: number) => Type.Optional(Type.String({ minLength: 1, maxLength: most }))
const period = { from: text(40), to: text(40) }
const access = { permission: 'audit.read' } as const

export const auditRoutes: Route = (scope, { app }) => {
  scope.get(
    '/api/v1/audit',
    {
      config: { access },
      schema: {
        tags: ['audit'],
        operationId: 'listAudit',
        summary: 'Who did what to what, newest first',
        querystring: Type.Object(
          {
            ...period,
            subject: text(500),
            action: text(100),
            resource: text(500),
            namespace: text(200),
            cursor: text(20),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({ entries: Type.Array(named(auditRecord)), next: Type.Optional(Type.String()) }),
          ...problems(400, 401, 403),
        }),
      },
    },
    async ({ query }) => app.audit.list(query),
  )

  scope.get(
    '/api/v1/audit/verify',
    {
      config: { access },
      schema: {
        tags: ['audit'],
        operationId: 'verifyAudit',
        summary: 'Whether the log is as it was written; what is wrong is named',
        response: answers({
          200: Type.Object({
            ok: Type.Boolean(),
            entries: Type.Integer(),
            head: Type.Optional(Type.Object({ number: Type.Integer(), hash: Type.String() })),
            faults: Type.Array(Type.Object({ number: Type.Integer(), what: Type.String() })),
          }),
          ...problems(401, 403),
        }),
      },
    },
    async () => verifyAudit(app.database, await readAnchors(app.settings.data)),
  )

  scope.get(
    '/api/v1/audit/export',
    {
      config: { access },
      schema: {
        tags: ['audit'],
        operationId: 'exportAudit',
        summary: 'The log, oldest first; as NDJSON, which can be verified elsewhere, or as CSV',
        querystring: Type.Object(
          { ...period, format: Type.Optional(Type.Enum(['ndjson', 'csv'], { default: 'ndjson' })) },
          { additionalProperties: false },
        ),
        response: answers({
          200: {
            description: 'Text.',
            content: {
              'application/x-ndjson': { schema: Type.String() },
              'text/csv': { schema: Type.String() },
            },
          },
          ...problems(400, 401, 403),
        }),
      },
    },
    async ({ query: { format = 'ndjson', ...when } }, reply) => {
      const entries = app.audit.all(when)
      return format === 'csv'
        ? reply.type('text/csv; charset=utf-8').send(Readable.from(csv(entries)))
        : reply.type('application/x-ndjson').send(Readable.from(ndjson(entries)))
    },
  )
}

async function* ndjson(entries: AsyncIterable<AuditRecord>): AsyncIterable<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}

const columns: readonly (readonly [string, (entry: AuditRecord) => unknown])[] = [
  ['number', ({ number }) => number],
  ['at', ({ at }) => at],
  ['subject', ({ who }) => who.subject],
  ['name', ({ who }) => who.name],
  ['roles', ({ who }) => who.roles?.join(' ')],
  ['key', ({ who }) => who.key],
  ['action', ({ action }) => action],
  ['resource', ({ resource }) => resource],
  ['namespace', ({ namespace }) => namespace],
  ['outcome', ({ outcome }) => outcome],
  ['ip', ({ from }) => from?.ip],
  ['agent', ({ from }) => from?.agent],
  ['purpose', ({ purpose }) => purpose],
  ['details', ({ details }) => (details === undefined ? '' : JSON.stringify(details))],
  ['hash', ({ hash }) => hash],
]

async function* csv(entries: AsyncIterable<AuditRecord>): AsyncIterable<string> {
  yield `${columns.map(([name]) => name).join(',')}\r\n`
  for await (const entry of entries) yield `${columns.map(([, of]) => cell(of(entry))).join(',')}\r\n`
}

/** RFC 4180; a spreadsheet must not take text for a formula. */
function cell(value: unknown): string {
  const plain = value === undefined || value === null ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
