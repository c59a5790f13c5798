import { workflowSchema } from '../../workflow/definition/index.ts'
import type { Route } from './route.ts'

/** What describes the rest. */
export const apiRoutes: Route = (scope) => {
  scope.get('/openapi.json', { config: { access: { public: true } }, schema: { hide: true } }, async () =>
    scope.swagger(),
  )

  scope.get(
    '/schemas/workflow.json',
    { config: { access: { public: true } }, schema: { hide: true } },
    async (_request, reply) =>
      // Editors in a browser fetch it, too, and there is nothing secret in it.
      reply
        .headers({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' })
        .type('application/schema+json')
        .send(JSON.stringify(workflowSchema())),
  )
}
