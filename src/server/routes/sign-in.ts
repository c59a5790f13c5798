import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { SluseError } from '../../errors.ts'
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
        response: answers({ 302: { description: 'To the provider.' }, ...problems(401, 429, 502) }),
      },
    },
    async (request, reply) => {
      const returnTo = localPath(request.query.return)
      const begun = await access
        .beginSignIn(here(request) + callback, returnTo, originOf(request))
        .catch((error: unknown) => {
          if (error instanceof SluseError) return error
          throw error
        })
      if (begun instanceof SluseError) return failed(request, reply, begun, returnTo)
      const { url, state } = begun
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
        response: answers({
          302: { description: 'To where the sign-in began; where it failed, to a page that says why.' },
          ...problems(401, 429, 502),
        }),
      },
    },
    async (request, reply) => {
      const state = cookies.signIn.read(request.headers)
      const base = here(request)
      const url = new URL(request.raw.url ?? '/', base)
      const from = originOf(request)
      const result = await access.finishSignIn({
        url,
        state,
        redirectUri: base + callback,
        replaces: cookies.session.read(request.headers),
        from,
      })
      if ('failed' in result) return failed(request, reply, result.failed, result.returnTo)
      const seconds = Math.floor(settings.sessionLifetime / 1000)
      return reply
        .header('set-cookie', [cookies.session.set(result.session, seconds), cookies.signIn.clear()])
        .redirect(result.returnTo, 302)
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

/** A person is led to a page that says what to do; a program is told as everywhere. */
function failed(request: FastifyRequest, reply: FastifyReply, error: SluseError, returnTo: string) {
  if (!(request.headers.accept ?? '').includes('text/html')) throw error
  const query = new URLSearchParams({ problem: error.code, return: returnTo })
  return reply.redirect(`/sign-in?${query.toString()}`, 302)
}

/** Nobody is sent anywhere else by a link that begins here. What is not ASCII comes percent-encoded. */
function localPath(path = '/'): string {
  return /^\/(?![/\\])[!-[\]-~]*$/.test(path) ? path : '/'
}
