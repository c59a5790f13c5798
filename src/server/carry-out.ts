import type { FastifyRequest } from 'fastify'
import type { Permission } from '../access/index.ts'
import type { App } from '../app.ts'
import type { Statement } from '../database/index.ts'
import type { AuditEntry } from '../history/index.ts'
import type { Json } from '../workflow/index.ts'
import { entryOf } from './authorise.ts'

/** A change that somebody who may has asked the engine for, as the audit log tells of it. */
export interface Asked {
  readonly permission: Permission
  /** `run/<id>` */
  readonly resource: string
  readonly namespace: string
  readonly details?: { readonly [name: string]: Json }
}

/** What is known only once it is done, or about to be. */
type Told = Partial<Pick<Asked, 'resource' | 'details'>>

/**
 * Has the engine do it, and the audit log tell of it. An engine that can writes both in one transaction: it is given
 * the entry. Where it cannot, the log says first what is intended (`allowed`), and then that it is `done`; an intent
 * that nothing follows is one of which nobody knows how it went. Where it fails, the log says so in any case.
 */
export async function carryOut<T>(
  app: App,
  request: FastifyRequest,
  asked: Asked,
  act: (record: (told?: Told) => readonly Statement[]) => Promise<T>,
  toldBy: (result: T) => Told = () => ({}),
): Promise<T> {
  const { permission, namespace } = asked
  const entry = (outcome: AuditEntry['outcome'], { resource = asked.resource, details }: Told = {}) => ({
    ...entryOf(request, permission, outcome, namespace, resource),
    ...((asked.details ?? details) && { details: { ...asked.details, ...details } }),
  })
  const { recordsAtOnce } = app.engine
  if (!recordsAtOnce) await app.audit.write(entry('allowed'))
  let result: T
  try {
    result = await act((told) => app.audit.entry(entry('done', told)))
  } catch (error) {
    const { code } = error as { code?: unknown }
    const details = { code: typeof code === 'string' ? code : 'SLUSE-INTERNAL' }
    await app.audit.write(entry('failed', { details }))
    throw error
  }
  if (!recordsAtOnce) await app.audit.write(entry('done', toldBy(result)))
  return result
}
