import { Type } from 'typebox'
import { grantText, heldPermissions, parseGrant, type ApiKey, type Grant } from '../../access/index.ts'
import { SluseError } from '../../errors.ts'
import { originOf } from '../authorise.ts'
import { apiKey, answers, keyBody, named, problems, user } from '../schemas.ts'
import type { Route } from './route.ts'

const dayMs = 86_400_000

export const accessRoutes: Route = (scope, { app }) => {
  const { access } = app

  scope.get(
    '/api/v1/me',
    {
      config: { access: { signedIn: true } },
      schema: {
        tags: ['access'],
        operationId: 'me',
        summary: 'Who asks, and what they may do',
        response: answers({
          200: Type.Object({
            mode: Type.Enum(['dev', 'local', 'oidc', 'keys'], {
              description: 'How one gets in. `dev` and `local`: nobody has to sign in, on this machine only.',
            }),
            kind: Type.Enum(['user', 'machine', 'local']),
            subject: Type.String(),
            name: Type.String(),
            email: Type.Optional(Type.String()),
            locale: Type.Optional(Type.String()),
            groups: Type.Array(Type.String()),
            roles: Type.Array(Type.String(), { description: '`approver@grants`, `viewer@*`' }),
            permissions: Type.Record(
              Type.String(),
              Type.Union([Type.Literal('*'), Type.Array(Type.String())], {
                description: 'The namespaces in which it is held; `*` for all.',
              }),
            ),
            via: Type.Enum(['session', 'key', 'local']),
            expiresAt: Type.Optional(Type.String({ description: 'When session or key ends, ISO 8601.' })),
          }),
          ...problems(401),
        }),
      },
    },
    async ({ who }) => {
      const { kind, subject, name, email, locale, groups, grants, via, expiresAt } = who
      return {
        mode: access.mode,
        kind,
        subject,
        name,
        ...(email !== undefined && { email }),
        ...(locale !== undefined && { locale }),
        groups: [...groups],
        roles: grants.map(grantText),
        permissions: mutable(heldPermissions(grants)),
        via,
        ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
      }
    },
  )

  scope.get(
    '/api/v1/keys',
    {
      config: { access: { signedIn: true } },
      schema: {
        tags: ['access'],
        operationId: 'listKeys',
        summary: 'Keys, newest first: one’s own, and all of them for those who may see them',
        querystring: Type.Object(
          { own: Type.Optional(Type.Boolean({ description: 'Only one’s own.' })) },
          { additionalProperties: false },
        ),
        response: answers({ 200: Type.Object({ keys: Type.Array(named(apiKey)) }), ...problems(401) }),
      },
    },
    async ({ who, query }) => {
      const all = query.own !== true && heldPermissions(who.grants)['keys.read'] === '*'
      return { keys: (await access.keys(all ? undefined : who.subject)).map(shownKey) }
    },
  )

  for (const own of [true, false]) {
    scope.post(
      own ? '/api/v1/keys/own' : '/api/v1/keys',
      {
        config: { access: { permission: own ? 'keys.own' : 'keys.create', in: 'some', audit: false } },
        schema: {
          tags: ['access'],
          operationId: own ? 'createOwnKey' : 'createKey',
          summary: own
            ? 'Make a key with which one is oneself, on the command line'
            : 'Make a key for a machine; the key itself is told this once',
          body: keyBody,
          response: answers({
            201: Type.Object({
              key: named(apiKey),
              secret: Type.String({
                description: 'The key: `Authorization: Bearer …`. It cannot be seen again.',
              }),
            }),
            ...problems(400, 401, 403, 413, 415, 422),
          }),
        },
      },
      async (request, reply) => {
        const { body, who } = request
        // What a machine's key makes belongs to nobody.
        if (own && who.kind === 'machine')
          throw new SluseError('SLUSE-KEY', 'A machine has no keys of its own.')
        const wanted = {
          name: body.name,
          grants: body.roles.map(grantOf),
          ...(own && { owner: who.subject }),
          ...(body.days !== undefined && { lifetime: body.days * dayMs }),
        }
        const { key, secret } = await access.createKey(wanted, who, originOf(request))
        return reply.code(201).send({ key: shownKey(key), secret })
      },
    )
  }

  scope.post(
    '/api/v1/keys/:id/revoke',
    {
      config: { access: { signedIn: true } },
      schema: {
        tags: ['access'],
        operationId: 'revokeKey',
        summary: 'Make a key worthless, at once; one’s own, or any for those who may',
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: answers({ 200: named(apiKey), ...problems(401, 403, 404) }),
      },
    },
    async (request) => {
      const { who, params } = request
      const allowed = heldPermissions(who.grants)
      const key = await access.key(params.id).catch((error: unknown) => {
        // Who may not see keys is not told which there are.
        throw allowed['keys.read'] === '*' ? error : new SluseError('SLUSE-FORBIDDEN')
      })
      const mine = key.owner === who.subject && allowed['keys.own'] !== undefined
      if (!mine && allowed['keys.revoke'] !== '*')
        throw new SluseError('SLUSE-FORBIDDEN', 'It takes keys.revoke.')
      return shownKey(await access.revokeKey(params.id, who, originOf(request)))
    },
  )

  scope.get(
    '/api/v1/users',
    {
      config: { access: { permission: 'users.read' } },
      schema: {
        tags: ['access'],
        operationId: 'listUsers',
        summary: 'Those who have signed in, by name',
        querystring: Type.Object(
          {
            text: Type.Optional(
              Type.String({ maxLength: 200, description: 'Found in name, e-mail or subject.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({ users: Type.Array(named(user)) }),
          ...problems(400, 401, 403),
        }),
      },
    },
    async ({ query }) => ({
      users: (await access.users(query.text)).map(({ grants, firstSeen, lastSeen, groups, ...rest }) => ({
        ...rest,
        groups: [...groups],
        roles: grants.map(grantText),
        firstSeen: iso(firstSeen),
        lastSeen: iso(lastSeen),
      })),
    }),
  )

  scope.post(
    '/api/v1/users/:subject/sign-out',
    {
      config: { access: { permission: 'users.sign-out', audit: false } },
      schema: {
        tags: ['access'],
        operationId: 'signOutUser',
        summary: 'End all sessions of a user',
        params: Type.Object({ subject: Type.String({ minLength: 1, maxLength: 500 }) }),
        response: answers({ 204: { description: 'They have to sign in again.' }, ...problems(401, 403) }),
      },
    },
    async (request, reply) => {
      await access.signOutEverywhere(request.params.subject, request.who, originOf(request))
      return reply.code(204).send()
    },
  )
}

function grantOf(text: string): Grant {
  try {
    return parseGrant(text)
  } catch (error) {
    throw new SluseError('SLUSE-KEY', (error as Error).message)
  }
}

function shownKey({ grants, createdAt, expiresAt, usedAt, revokedAt, ...rest }: ApiKey) {
  return {
    ...rest,
    prefix: `sluse_${rest.id}_`,
    roles: grants.map(grantText),
    createdAt: iso(createdAt),
    expiresAt: iso(expiresAt),
    ...(usedAt !== undefined && { usedAt: iso(usedAt) }),
    ...(revokedAt !== undefined && { revokedAt: iso(revokedAt) }),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

function mutable(held: { [permission: string]: '*' | readonly string[] }) {
  return Object.fromEntries(
    Object.entries(held).map(([permission, where]) => [
      permission,
      where === '*' ? ('*' as const) : [...where],
    ]),
  )
}
