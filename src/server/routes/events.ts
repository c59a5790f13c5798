import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Principal } from '../../access/index.ts'
import { insertRows, type Statement } from '../../database/index.ts'
import type { CloudEvent } from '../../workflow/index.ts'
import { entryOf } from '../authorise.ts'
import { readEvents } from '../cloud-events.ts'
import { answers, cloudEvent, named, problems } from '../schemas.ts'
import type { Route } from './route.ts'

export const eventRoutes: Route = (scope, { app, metrics }) => {
  scope.get(
    '/api/v1/events',
    {
      config: { access: { permission: 'events.read' } },
      schema: {
        tags: ['events'],
        operationId: 'listEvents',
        summary: 'Events that were accepted, from outside and from runs; newest first',
        querystring: Type.Object(
          {
            type: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
            source: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
            cursor: Type.Optional(Type.String({ maxLength: 30, description: '`next` of the page before.' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({
            events: Type.Array(
              Type.Object({
                cursor: Type.String(),
                receivedAt: Type.String(),
                consumed: Type.Boolean({ description: 'Whether a run or a schedule took it.' }),
                event: named(cloudEvent),
              }),
            ),
            next: Type.Optional(Type.String()),
          }),
          ...problems(400),
        }),
      },
    },
    async ({ query }) => app.inbox.list(query),
  )

  // An event's data may be of any type, and its JSON is judged as an event, not as a body.
  void scope.register(async (plain) => {
    const intake = plain.withTypeProvider<TypeBoxTypeProvider>()
    intake.removeAllContentTypeParsers()
    intake.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body)

    intake.post(
      '/events',
      {
        config: { access: { permission: 'events.publish', audit: false } },
        // `readEvents` checks all modes, and says which event is not valid.
        validatorCompiler: () => () => true,
        schema: {
          tags: ['events'],
          operationId: 'publishEvents',
          summary:
            'Take CloudEvents: answered once they are durable; the same source and id twice is one event',
          description:
            'CloudEvents 1.0 over HTTP: structured, batched, or binary (`ce-` headers, the body is the data). ' +
            'A batch is accepted as a whole or not at all.',
          body: {
            content: {
              'application/cloudevents+json': { schema: named(cloudEvent) },
              'application/cloudevents-batch+json': { schema: Type.Array(named(cloudEvent)) },
              '*/*': { schema: Type.Unknown({ description: 'The data of an event in binary mode.' }) },
            },
          },
          response: answers({
            202: Type.Object({
              accepted: Type.Array(
                Type.Object({
                  source: Type.String(),
                  id: Type.String(),
                  duplicate: Type.Boolean({ description: 'True where it had been accepted before.' }),
                }),
              ),
            }),
            ...problems(400, 413, 415, 503, 507),
          }),
        },
      },
      async (request, reply) => {
        const { headers, body } = request
        const events = readEvents({
          headers,
          body: body instanceof Uint8Array ? body : new Uint8Array(),
          depth: app.settings.maxBodyDepth,
        })
        const ids = events.slice(0, 20).map(({ source, id }) => ({ source, id }))
        const entry = {
          ...entryOf(request, 'events.publish', 'done'),
          details: { events: events.length, ids },
        }
        const accepted = await app.engine.publish(events, [
          ...sentBy(request.who, events),
          ...app.audit.entry(entry),
        ])
        metrics.eventsAccepted(accepted)
        return reply.code(202).send({ accepted })
      },
    )
  })
}

/** A person who sends an event is whoever starts what the event starts. A machine is nobody. */
function sentBy({ kind, subject }: Principal, events: readonly CloudEvent[]): Statement[] {
  if (kind === 'machine') return []
  const rows = events.map(({ source, id }) => [source, id, subject])
  return insertRows('event_senders', ['source', 'id', 'subject'], rows, 'ON CONFLICT DO NOTHING')
}
