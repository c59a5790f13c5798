import { Type } from 'typebox'
import { SluseError } from '../../errors.ts'
import { problemOf } from '../../workflow/index.ts'
import { answers, named, problems } from '../schemas.ts'
import { connection } from '../transfer-schemas.ts'
import type { Route } from './route.ts'

const longestCheckMs = 20_000

export const connectionRoutes: Route = (scope, { app }) => {
  const { connections } = app

  scope.get(
    '/api/v1/connections',
    {
      config: { access: { permission: 'connections.read' } },
      schema: {
        tags: ['connections'],
        operationId: 'listConnections',
        summary: 'The connections of the project, without their settings',
        response: answers({ 200: Type.Object({ connections: Type.Array(named(connection)) }) }),
      },
    },
    async () => ({ connections: connections.overview() }),
  )

  scope.post(
    '/api/v1/connections/:connection/check',
    {
      config: { access: { permission: 'connections.check' } },
      schema: {
        tags: ['connections'],
        operationId: 'checkConnection',
        summary: 'Whether a connection works, and why not; touches no data',
        params: Type.Object({ connection: Type.String({ minLength: 1, maxLength: 200 }) }),
        response: answers({
          200: Type.Object({
            name: Type.String(),
            works: Type.Boolean(),
            message: Type.String({ description: 'A sentence for an operator.' }),
          }),
          ...problems(404),
        }),
      },
    },
    async ({ params }) => {
      const name = params.connection
      if (!connections.list().some((each) => each.name === name)) {
        throw new SluseError('SLUSE-CONNECTION-NOT-FOUND', `(${name})`)
      }
      try {
        const message = await connections.check(name, AbortSignal.timeout(longestCheckMs))
        return { name, works: true, message }
      } catch (error) {
        const { detail, title } = problemOf(error) ?? {}
        return { name, works: false, message: detail ?? title ?? (error as Error).message }
      }
    },
  )
}
