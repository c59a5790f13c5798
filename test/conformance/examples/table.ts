import type { CloudEvent, Json, JsonObject } from '../../../src/workflow/index.ts'
import { exampleGreeterProto } from '../../servers/grpc/example-greeter.ts'
import type { Given } from '../runner.ts'
import { client, givenToken } from './hosts.ts'
import type { Messages } from './messages.ts'

/** How one example of the specification is run, and how it ends. */
export interface ExampleCase {
  /** Told apart where an example has several. */
  readonly what?: string
  readonly given?: Omit<Given, 'definition' | 'cancelWhen'>
  readonly ends: ExampleEnd
  /** `false`: no container engine answers. */
  readonly containers?: false
  /** The server that its AsyncAPI document leads to. */
  readonly messages?: Messages
  /** It calls the service at port 5011. */
  readonly grpc?: true
  /** What the hosts are asked, `METHOD address`, exactly and in order. Left out, it does not matter. */
  readonly asks?: readonly string[]
  /** Where the end is not what the example's author had in mind: why. */
  readonly because?: string
}

export type ExampleEnd =
  | { readonly output: Json }
  /** Completed, with at least these properties. */
  | { readonly outputLike: Json }
  | { readonly faults: JsonObject }
  /**
   * It has no end of its own: it is cancelled when the hosts have been asked so often, or where it takes messages,
   * when all have been sent; by then it has emitted at least these events.
   */
  | { readonly cancelledAfter: number | 'messages'; readonly emits?: readonly JsonObject[] }

const pet = (id: number, status = ['sold', 'available', 'pending'][id % 3] as string) => ({
  id,
  name: `pet ${id}`,
  photoUrls: [],
  status,
})
const store = 'https://petstore.swagger.io/v2'
const errors = 'https://serverlessworkflow.io/spec/1.0.0/errors/'

const event = (type: string, data: Json, more: JsonObject = {}): CloudEvent => ({
  specversion: '1.0',
  id: `${type}/${JSON.stringify(data)}`,
  source: 'https://hospital.example.com',
  type,
  data,
  ...more,
})
const temperature = (value: number) =>
  event('com.fake-hospital.vitals.measurements.temperature', { temperature: value })
const pulse = (value: number) => event('com.fake-hospital.vitals.measurements.bpm', { bpm: value })

const oauthSecret = {
  authority: 'http://keycloak/realms/fake-authority',
  grant: 'client_credentials',
  client,
}
const getPet = (input: Json = { petId: 1 }): ExampleCase => ({
  given: { input },
  ends: { output: pet(1) },
  asks: [`GET ${store}/pet/1`],
})

/** For whom the context names, who is nobody; and one that is not. */
const notifications = [1, 2, 3].map((n) => ({ n, from: { firstName: null, lastName: null } }))
const stranger = { n: 0, from: { firstName: 'Cruella', lastName: 'de Vil' } }
const taken = (payload: Json): Json => ({ payload, headers: {} })

/** With the image that says hello, and where no container engine answers. */
const helloWorld = (output: Json): ExampleCase[] => [
  { ends: { output } },
  {
    what: 'without a container engine',
    containers: false,
    ends: { faults: { type: `${errors}configuration`, status: 400, instance: '/do/0/runContainer' } },
  },
]
const hello = 'Hello from Docker!\n'

/** Every file of the specification's `examples` folder. A test fails when one is missing here. */
export const examples: { readonly [file: string]: readonly ExampleCase[] } = {
  'accumulate-room-readings.yaml': [
    {
      given: {
        events: ['temperature', 'humidity'].map((kind) =>
          event(
            `my.home.sensors.${kind}`,
            { reading: 1 },
            { source: 'https://my.home.com/sensor', roomid: 'hall' },
          ),
        ),
      },
      ends: { faults: { type: `${errors}expression`, status: 400, instance: '/do/0/consumeReading' } },
      because: 'it reads `.data` of a list: the output of `listen` is the list of events',
    },
  ],
  'authentication-bearer-uri-format.yaml': [getPet({ petId: 1, token: givenToken })],
  'authentication-bearer.yaml': [
    getPet({ token: givenToken }),
    {
      what: 'with a token that the service does not take',
      given: { input: { token: 'unknown' } },
      ends: { faults: { type: `${errors}communication`, status: 401, instance: '/do/0/getPet' } },
    },
  ],
  'authentication-oauth2-secret.yaml': [
    {
      given: {
        input: { petId: 1 },
        secrets: { mySecret: { ...oauthSecret, endpoints: { token: '/auth/token' } } },
      },
      ends: { output: pet(1) },
      asks: ['POST http://keycloak/realms/fake-authority/auth/token', `GET ${store}/pet/1`],
    },
    {
      what: 'without the secret',
      given: { input: { petId: 1 } },
      ends: { faults: { type: `${errors}authorization`, status: 403, instance: '/do/0/getPet' } },
      asks: [],
    },
  ],
  'authentication-oauth2.yaml': [
    {
      given: { input: { petId: 1 } },
      ends: { output: pet(1) },
      asks: ['POST http://keycloak/realms/fake-authority/auth/token', `GET ${store}/pet/1`],
    },
  ],
  'authentication-oidc-secret.yaml': [
    {
      given: { input: { petId: 1 }, secrets: { mySecret: oauthSecret } },
      ends: { output: pet(1) },
      asks: [
        'GET http://keycloak/realms/fake-authority/.well-known/openid-configuration',
        'POST http://keycloak/realms/fake-authority/protocol/token',
        `GET ${store}/pet/1`,
      ],
    },
  ],
  'authentication-oidc.yaml': [
    {
      given: { input: { petId: 1 } },
      ends: { output: pet(1) },
      asks: [
        'GET http://keycloak/realms/fake-authority/.well-known/openid-configuration',
        'POST http://keycloak/realms/fake-authority/protocol/token',
        `GET ${store}/pet/1`,
      ],
    },
  ],
  'authentication-reusable.yaml': [getPet({ petId: 1, token: givenToken })],
  'call-asyncapi-publish.yaml': [
    {
      given: { input: { pet: { id: 7 }, token: givenToken } },
      ends: { output: null },
      asks: ['GET https://fake.com/docs/asyncapi.json', 'POST https://fake.com/staging/pets'],
    },
  ],
  'call-asyncapi-subscribe-consume-amount.yaml': [
    {
      messages: { over: 'ws', send: [...notifications, stranger, ...notifications] },
      ends: { output: [...notifications, ...notifications].slice(0, 5).map(taken) },
    },
  ],
  'call-asyncapi-subscribe-consume-forever-foreach.yaml': [
    {
      messages: { over: 'mqtt', send: notifications },
      ends: {
        cancelledAfter: 'messages',
        emits: notifications.slice(0, 2).map((payload) => ({
          type: 'io.serverlessworkflow.samples.asyncapi.message.consumed.v1',
          data: { message: { payload, headers: { topic: 'notifications' } } },
        })),
      },
      because: 'it takes messages for ever',
    },
  ],
  'call-asyncapi-subscribe-consume-until.yaml': [
    {
      messages: { over: 'http', version: 2, send: notifications },
      ends: { cancelledAfter: 'messages' },
      because: 'nothing puts messages into the context that it counts, so only its half hour would end it',
    },
  ],
  'call-asyncapi-subscribe-consume-while.yaml': [
    {
      messages: { over: 'nats', send: notifications },
      ends: { cancelledAfter: 'messages' },
      because: 'nothing puts messages into the context that it counts, so it takes them for ever',
    },
  ],
  'call-custom-function-cataloged.yaml': [{ ends: { output: '[INFORMATION] Hello, world!\n' } }],
  'call-custom-function-inline.yaml': [
    {
      ends: {
        faults: { type: `${errors}communication`, status: 404, instance: '/use/functions/getPetById' },
      },
      asks: [`GET ${store}/pet/69`],
      because: 'the store has no pet 69',
    },
  ],
  'call-grpc.yaml': [
    {
      given: {
        input: { user: { preferredDisplayName: 'Cruella' } },
        files: { 'app/greet.proto': exampleGreeterProto },
      },
      ends: { output: { message: 'Hello Cruella' } },
      grpc: true,
    },
  ],
  'call-http-endpoint-interpolation-shorthand.yaml': [getPet()],
  'call-http-endpoint-interpolation.yaml': [getPet()],
  'call-http-query-headers-expressions.yaml': [
    {
      given: { input: { searchQuery: 'Luke' } },
      ends: { outputLike: { count: 1 } },
      asks: ['GET https://swapi.dev/api/people/?search=Luke'],
    },
    {
      what: 'with input that its schema refuses',
      given: { input: {} },
      ends: { faults: { type: `${errors}validation`, status: 400 } },
      asks: [],
    },
  ],
  'call-http-query-parameters.yaml': [
    { given: { input: { searchQuery: '3PO' } }, ends: { outputLike: { results: [{ name: 'C-3PO' }] } } },
  ],
  'call-http-redirect.yaml': [
    {
      given: { input: { searchQuery: 'moved' } },
      ends: { outputLike: { results: [{ name: 'Luke Skywalker' }] } },
      asks: [
        'GET https://swapi.dev/api/people/?search=moved',
        'GET https://swapi.dev/api/people/?search=Luke',
      ],
    },
  ],
  'call-mcp.yaml': [
    {
      ends: {
        output: {
          content: [
            {
              type: 'text',
              text: JSON.stringify({
                name: 'conversations_add_message',
                given: {
                  channel_id: 'C1234567890',
                  thread_ts: '1623456789.123456',
                  payload: 'Hello, world! :wave:',
                  content_type: 'text/markdown',
                },
                token: 'xoxp-xv6Cv3jKqNW8esm5YnsftKwIzoQHUzAP',
              }),
            },
          ],
        },
      },
    },
  ],
  'call-openapi-redirect.yaml': [{ ends: { outputLike: [pet(1), pet(4), pet(7), pet(10)] } }],
  'call-openapi.yaml': [
    {
      ends: { output: [pet(1), pet(4), pet(7), pet(10)] },
      asks: [`GET ${store}/swagger.json`, `GET ${store}/pet/findByStatus?status=available`],
    },
  ],
  'conditional-task.yaml': [
    {
      what: 'of age',
      given: { input: { customer: { age: 18 }, bet: 1 } },
      ends: { outputLike: { with: { customer: '.customer', bet: '.bet' } } },
      asks: ['POST https://superbet-casinos.com/api/bet/on/football'],
      because: 'the body is literal text in strict mode',
    },
    {
      what: 'underage',
      given: { input: { customer: { age: 17 } } },
      ends: {
        faults: { type: 'https://superbet-casinos.com/customer/access-forbidden', title: 'Access Forbidden' },
      },
      asks: [],
    },
  ],
  'do-multiple.yaml': [
    {
      given: { input: { petId: 1 } },
      ends: { faults: { type: `${errors}communication`, status: 405, instance: '/do/1/buyPet' } },
      asks: [`GET ${store}/pet/1`, `PUT ${store}/pet/`],
      because: 'the pet that the first call gives has no petId, so the second address has none',
    },
  ],
  'do-single.yaml': [getPet()],
  'emit.yaml': [
    {
      ends: {
        outputLike: {
          type: 'com.petstore.order.placed.v1',
          source: 'https://petstore.com',
          data: {
            client: { firstName: 'Cruella', lastName: 'de Vil' },
            items: [{ breed: 'dalmatian', quantity: 101 }],
          },
        },
      },
    },
  ],
  'for-inline-array.yaml': [
    {
      ends: {
        output: {
          processed: [
            { name: 'red', hex: '#FF0000' },
            { name: 'green', hex: '#00FF00' },
            { name: 'blue', hex: '#0000FF' },
          ],
        },
      },
    },
  ],
  'for.yaml': [
    {
      what: 'without a vet',
      given: { input: { pets: [{ id: 1 }] } },
      ends: { output: { pets: [{ id: 1 }] } },
    },
    {
      what: 'with a vet',
      given: {
        input: { pets: [{ id: 1 }], vet: 'Dr. Dolittle' },
        events: [event('com.fake.petclinic.pets.checkup.completed.v2', { id: 1 })],
      },
      ends: { faults: { type: `${errors}expression`, instance: '/do/0/checkup/do/0/waitForCheckup' } },
      because: 'it reads `.pets` of a list: the output of `listen` is the list of events',
    },
  ],
  'fork.yaml': [
    {
      given: { input: { patient: { fullName: 'A B' }, room: { number: 1 } } },
      ends: { outputLike: { with: { patientId: 'A B', room: 1 } } },
    },
  ],
  'listen-to-all read-envelope.yaml': [
    {
      given: { events: [temperature(37), pulse(110), temperature(39)] },
      ends: { outputLike: [pulse(110), temperature(39)] as JsonObject[] },
    },
  ],
  'listen-to-all.yaml': [
    {
      given: { events: [temperature(37), temperature(39), pulse(80), pulse(50)] },
      ends: { output: [{ temperature: 39 }, { bpm: 50 }] },
    },
  ],
  'listen-to-any-filter.yaml': [
    { given: { events: [temperature(37), pulse(50)] }, ends: { output: [{ bpm: 50 }] } },
  ],
  'listen-to-any-forever-foreach.yaml': [
    {
      given: { input: { roomId: 'r1' }, events: [event('any', 1), event('other', 2)] },
      ends: { cancelledAfter: 2 },
      asks: ['POST https://fake-chat-api.com/room/r1', 'POST https://fake-chat-api.com/room/r1'],
      because: 'it listens for ever',
    },
  ],
  'listen-to-any-until-condition.yaml': [
    { given: { events: [1, 2, 3, 4, 5].map((n) => event('any', n)) }, ends: { output: [1, 2, 3, 4] } },
  ],
  'listen-to-any-until-consumed.yaml': [
    {
      given: {
        events: [
          temperature(39),
          pulse(80),
          pulse(50),
          event('com.fake-hospital.patient.checked-out', {}),
          pulse(55),
        ],
      },
      ends: { output: [{ temperature: 39 }, { bpm: 50 }] },
    },
  ],
  'listen-to-any.yaml': [{ given: { events: [event('any', 1)] }, ends: { output: [1] } }],
  'listen-to-one.yaml': [
    {
      given: { events: [event('com.virtual-wf-powered-race.events.race.started.v1', {})] },
      ends: { outputLike: { accepted: 'POST /api/v4/cars//start' } },
      because: 'what `listen` puts out has no carId',
    },
  ],
  'mock-service-extension.yaml': [
    {
      ends: { outputLike: { accepted: 'GET /sample' } },
      asks: ['GET https://fake.com/sample'],
      because: 'the extension is for another host',
    },
  ],
  'raise-inline.yaml': [
    {
      ends: {
        faults: {
          type: 'https://serverlessworkflow.io/errors/not-implemented',
          status: 500,
          title: 'Not Implemented',
          detail: "The workflow 'raise-not-implemented:0.1.0' is a work in progress and cannot be run yet",
          instance: '/do/0/notImplemented',
        },
      },
    },
  ],
  'raise-reusable.yaml': [
    {
      ends: {
        faults: {
          type: 'https://serverlessworkflow.io/errors/not-implemented',
          status: 500,
          detail: "The workflow 'raise-not-implemented:0.1.0' is a work in progress and cannot be run yet",
          instance: '/do/0/notImplemented',
        },
      },
    },
  ],
  'run-container-cleanup-always.yaml': helloWorld(hello),
  'run-container-cleanup-eventually.yaml': helloWorld(hello),
  'run-container-stdin-and-arguments.yaml': [
    { ends: { output: 'STDIN was: Hello World\nARGS are Foo Bar\n' } },
  ],
  'run-container-with-name.yaml': [
    {
      ends: { output: hello },
      because:
        'its name reads `.workflow` where `$workflow` is meant: the container is called hello-null-null-null',
    },
  ],
  'run-container-with-pull-policy.yaml': helloWorld(hello),
  'run-container.yaml': helloWorld(hello),
  'run-return-all.yaml': helloWorld({ code: 0, stdout: hello, stderr: '' }),
  'run-return-code.yaml': helloWorld(0),
  'run-return-none.yaml': helloWorld(null),
  'run-return-stderr.yaml': helloWorld(''),
  'run-script-with-stdin-and-arguments.yaml': [
    { ends: { output: 'stdin >  Hello Workflow\narg >  hello\nenv >  bar\n' } },
  ],
  'run-shell-stdin-and-arguments.yaml': [{ ends: { output: 'STDIN was: Hello World\nARGS are Foo Bar\n' } }],
  'run-subflow.yaml': [
    {
      given: {
        others: [
          `document: { dsl: '1.0.3', namespace: test, name: register-customer, version: '0.1.0' }
do: [{ register: { set: { registered: '\${ .customer }' } } }]`,
        ],
        input: { user: 'Cruella' },
      },
      ends: { output: { registered: '.user' } },
      because: 'the input is literal text in strict mode',
    },
    {
      what: 'where the other workflow does not exist',
      ends: { faults: { type: `${errors}configuration`, instance: '/do/0/registerCustomer' } },
    },
  ],
  'schedule-cron.yaml': [
    {
      what: 'run on request',
      ends: { outputLike: { accepted: 'POST /api/v1/backup/start' } },
      asks: ['POST https://example.com/api/v1/backup/start'],
    },
  ],
  'schedule-event-driven.yaml': [
    {
      what: 'with the event that starts it',
      given: {
        input: [
          event('com.example.hospital.events.patients.heartbeat.low', {
            timestamp: '2026-01-01T00:00:00Z',
            patient: { id: 'p1', name: 'A B', room: { number: 1 }, vitals: { bpm: 40 } },
          }),
        ] as JsonObject[],
      },
      ends: {
        outputLike: {
          with: {
            patientId: 'p1',
            patientName: 'A B',
            roomNumber: 1,
            vitals: { heartRate: 40, timestamp: '2026-01-01T00:00:00Z' },
          },
        },
      },
    },
  ],
  'set-expression.yaml': [
    {
      what: 'with the event that starts it',
      given: { input: [event('io.serverlessworkflow.samples.events.trigger.v1', 1)] as JsonObject[] },
      ends: { outputLike: { type: 'io.serverlessworkflow.samples.events.trigger.v1', data: 1 } },
    },
  ],
  'set.yaml': [
    {
      what: 'with the event that starts it',
      given: { input: [event('io.serverlessworkflow.samples.events.trigger.v1', 1)] as JsonObject[] },
      ends: { outputLike: { startEvent: { data: 1 } } },
    },
  ],
  'star-wars-homeworld.yaml': [
    {
      given: { input: { id: 1 } },
      ends: { output: { name: 'Tatooine' } },
      asks: ['GET https://swapi.dev/api/people/1', 'GET https://swapi.dev/api/planets/1/'],
    },
  ],
  'switch-then-string.yaml': [
    {
      what: 'electronic',
      given: { input: { orderType: 'electronic' } },
      ends: { output: { validate: true, status: 'fulfilled' } },
    },
    {
      what: 'physical',
      given: { input: { orderType: 'physical' } },
      ends: { output: { inventory: 'clear', items: 1, address: 'Elmer St' } },
    },
    {
      what: 'unknown',
      given: { input: { orderType: 'x' } },
      ends: { output: { log: 'warn', message: "something's wrong" } },
    },
  ],
  'try-catch-retry-inline.yaml': [getPet()],
  'try-catch-retry-reusable.yaml': [getPet()],
  'try-catch-then-directive.yaml': [{ ends: { output: { status: 'failed' } } }],
  'try-catch-then.yaml': [
    {
      what: 'for a pet that is not there',
      given: { input: { petId: 99 } },
      ends: { output: { error: '$error' } },
      asks: [`GET ${store}/pet/99`],
      because:
        'what it sets is literal text in strict mode; the exported error keeps the pet from being bought',
    },
  ],
  'try-catch.yaml': [
    getPet(),
    {
      what: 'for a pet that is not there',
      given: { input: { petId: 99 } },
      ends: { output: { petId: 99 } },
    },
  ],
  'wait-duration-inline.yaml': [{ given: { input: { x: 1 } }, ends: { output: { x: 1 } } }],
  'wait-duration-iso8601.yaml': [{ given: { input: { x: 1 } }, ends: { output: { x: 1 } } }],
}
