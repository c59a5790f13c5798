import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { originOf } from '../authorise.ts'
import { answers, problems } from '../schemas.ts'
import type { Route } from './route.ts'

const signInSeconds = 600
const callback = '/auth/callback'

/** Signing in and out, for browsers: OpenID Connect, authorization code flow with PKCE. */
export const signInRoutes: Route = (scope, { app, cookies }) => {
  const { access, settings } = app
  const here = (request: FastifyRequest) => settings.publicUrl ?? `${request.protocol}://${request.host}`

  scope.get(
    '/auth/sign-in',
    {
      config: { access: { public: true } },
      schema: {
        tags: ['access'],
        operationId: 'signIn',
        summary: 'Go and sign in at the OpenID provider; comes back to `return`',
        querystring: Type.Object({
          return: Type.Optional(Type.String({ maxLength: 2000, description: 'A path of this server.' })),
        }),
        response: answers({ 302: { description: 'To the provider.' }, ...problems(401, 502) }),
      },
    },
    async (request, reply) => {
      const { url, state } = await access.beginSignIn(
        here(request) + callback,
        localPath(request.query.return),
      )
      return reply.header('set-cookie', cookies.signIn.set(state, signInSeconds)).redirect(url, 302)
    },
  )

  scope.get(
    callback,
    {
      config: { access: { public: true } },
      schema: {
        tags: ['access'],
        operationId: 'signInCallback',
        summary: 'Where the provider sends the browser back',
        response: answers({ 302: { description: 'To where the sign-in began.' }, ...problems(401, 502) }),
      },
    },
    async (request, reply) => {
      const state = cookies.signIn.read(request.headers)
      const base = here(request)
      const url = new URL(request.raw.url ?? '/', base)
      const { session, returnTo } = await access.finishSignIn(url, state, base + callback, originOf(request))
      const seconds = Math.floor(settings.sessionLifetime / 1000)
      return reply
        .header('set-cookie', [cookies.session.set(session, seconds), cookies.signIn.clear()])
        .redirect(returnTo, 302)
    },
  )

  scope.post(
    '/auth/sign-out',
    {
      config: { access: { signedIn: true } },
      schema: {
        tags: ['access'],
        operationId: 'signOut',
        summary: 'End the session',
        response: answers({
          200: Type.Object({
            url: Type.Optional(Type.String({ description: 'Go there to sign out at the provider, too.' })),
          }),
          ...problems(401, 403),
        }),
      },
    },
    async (request, reply) => {
      const url = await access.signOut(request.who, originOf(request), `${here(request)}/`)
      return reply.header('set-cookie', cookies.session.clear()).send({ ...(url !== undefined && { url }) })
    },
  )
}

/** Nobody is sent anywhere else by a link that begins here. */
function localPath(path = '/'): string {
  return /^\/(?![/\\])[^\\\s]*$/.test(path) ? path : '/'
}
