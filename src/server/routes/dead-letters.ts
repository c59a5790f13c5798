import { Type } from 'typebox'
import { may, type Permission, type Principal } from '../../access/index.ts'
import { SluseError } from '../../errors.ts'
import { answers, named, problems } from '../schemas.ts'
import {
  deadLetter,
  deadLetterDetail,
  letterFilters,
  letterNumber,
  lettersBody,
  recordBody,
  type LettersBody,
} from '../transfer-schemas.ts'
import { visibleIn, type Route } from './route.ts'

const control = { permission: 'transfers.control', in: 'some' } as const

export const deadLetterRoutes: Route = (scope, { app }) => {
  const { letters } = app.transfers

  const get = async (number: number, who: Principal, permission: Permission) => {
    const found = await letters.get(number)
    if (may(who, permission, found.pipeline?.namespace ?? '')) return found
    throw new SluseError('SLUSE-DEAD-LETTER-NOT-FOUND', `(${number})`)
  }
  /** Those that are meant and that one may change. */
  const chosen = async ({ numbers, where }: LettersBody, who: Principal): Promise<readonly number[]> => {
    if ((numbers === undefined) === (where === undefined)) {
      throw new SluseError('SLUSE-REQUEST', 'It has `numbers` or `where`, and not both.')
    }
    const visible = visibleIn(who, 'transfers.control')
    if (where) return letters.numbers({ ...where, status: 'open', ...visible })
    if (visible.namespaces) for (const number of numbers ?? []) await get(number, who, 'transfers.control')
    return numbers ?? []
  }

  scope.get(
    '/api/v1/dead-letters',
    {
      config: { access: { permission: 'transfers.read', in: 'some' } },
      schema: {
        tags: ['transfers'],
        operationId: 'listDeadLetters',
        summary: 'Records that could not be read, worked on or delivered, newest first; without the records',
        querystring: letterFilters,
        response: answers({
          200: Type.Object({
            letters: Type.Array(named(deadLetter)),
            next: Type.Optional(Type.String()),
          }),
          ...problems(400),
        }),
      },
    },
    async ({ query, who }) => letters.list({ ...query, ...visibleIn(who, 'transfers.read') }),
  )

  scope.get(
    '/api/v1/dead-letters/:number',
    {
      config: { access: { permission: 'transfers.data', in: 'some' } },
      schema: {
        tags: ['transfers'],
        operationId: 'getDeadLetter',
        summary: 'One dead letter with its record; what is marked as personal data is hidden',
        params: letterNumber,
        response: answers({ 200: named(deadLetterDetail), ...problems(404, 410) }),
      },
    },
    async ({ params, who }) => get(params.number, who, 'transfers.data'),
  )

  scope.put(
    '/api/v1/dead-letters/:number',
    {
      config: { access: control },
      schema: {
        tags: ['transfers'],
        operationId: 'editDeadLetter',
        summary: 'Put a corrected record in its place; what is hidden and left so stays as it was',
        params: letterNumber,
        body: recordBody,
        response: answers({ 200: named(deadLetterDetail), ...problems(404, 409, 410) }),
      },
    },
    async ({ params, body, who }) => {
      await get(params.number, who, 'transfers.control')
      await letters.edit(params.number, body.record)
      return letters.get(params.number)
    },
  )

  scope.post(
    '/api/v1/dead-letters/replay',
    {
      config: { access: control },
      schema: {
        tags: ['transfers'],
        operationId: 'replayDeadLetters',
        summary: 'Go on with open dead letters, each from where it failed',
        body: lettersBody,
        response: answers({
          202: Type.Object({
            letters: Type.Integer(),
            transfers: Type.Array(Type.String(), { description: 'The transfers that do it.' }),
          }),
          ...problems(400, 404, 409),
        }),
      },
    },
    async ({ body, who }, reply) => {
      const numbers = await chosen(body, who)
      return reply.code(202).send({ letters: numbers.length, transfers: await letters.replay(numbers) })
    },
  )

  scope.post(
    '/api/v1/dead-letters/discard',
    {
      config: { access: control },
      schema: {
        tags: ['transfers'],
        operationId: 'discardDeadLetters',
        summary: 'Do nothing more about open dead letters',
        body: lettersBody,
        response: answers({ 200: Type.Object({ letters: Type.Integer() }), ...problems(400, 404, 409) }),
      },
    },
    async ({ body, who }) => {
      const numbers = await chosen(body, who)
      await letters.discard(numbers)
      return { letters: numbers.length }
    },
  )
}
