import { Type } from 'typebox'
import type { ProcessInfo } from '../../app.ts'
import { answers, named, processInfo } from '../schemas.ts'
import type { Route } from './route.ts'

/** The processes of the installation. */
export const processRoutes: Route = (scope, { app }) => {
  scope.get(
    '/api/v1/processes',
    {
      config: { access: { permission: 'operation.read' } },
      schema: {
        tags: ['operation'],
        operationId: 'listProcesses',
        summary: 'Servers and workers of the installation, those that died within a day included',
        response: answers({ 200: Type.Object({ processes: Type.Array(named(processInfo)) }) }),
      },
    },
    async () => ({ processes: (await app.processes.list()).map(shown) }),
  )
}

function shown({ startedAt, seenAt, ...rest }: ProcessInfo) {
  return { ...rest, startedAt: new Date(startedAt).toISOString(), seenAt: new Date(seenAt).toISOString() }
}
