import { stringify } from 'yaml'
import type { Json } from '../../../src/workflow/index.ts'
import type { Host } from '../../servers/internet/index.ts'
import { petStore } from '../../servers/web/pet-store.ts'
import { starWars } from '../../servers/web/star-wars.ts'
import { tokenService } from '../../servers/web/token-service.ts'

/** The client of the examples that sign in. */
export const client = { id: 'workflow-runtime-id', secret: 'workflow-runtime-secret' }
export const givenToken = 'a-token-of-the-caller'
const issuedToken = 'a-token-of-the-authority'

/** Every host that the specification's examples call, with as much of each as they need. */
export function exampleHosts(asyncapi: Json): { [name: string]: Host } {
  return {
    'petstore.swagger.io': petStore({ tokens: [givenToken, issuedToken] }),
    'swapi.dev': starWars(),
    keycloak: tokenService({
      realm: '/realms/fake-authority',
      origin: 'http://keycloak',
      client,
      tokenPaths: ['/protocol/token', '/auth/token'],
      token: issuedToken,
    }),
    'raw.githubusercontent.com': ({ path }) =>
      path === '/serverlessworkflow/catalog/main/functions/log/1.0.0/function.yaml'
        ? { body: stringify(logFunction) }
        : undefined,
    'myorg.io': ({ path }) => {
      if (path === '/ordersservices.json') return { body: ordersService }
      return path.startsWith('/orders/') ? { body: { done: path } } : undefined
    },
    'fake.com': (request) => (request.path === '/docs/asyncapi.json' ? { body: asyncapi } : accepts(request)),
    'external-service.example.com': () => ({ status: 503, body: { message: 'down' } }),
    ...Object.fromEntries(acceptingHosts.map((name) => [name, accepts])),
  }
}

/** Hosts that take what they are sent and say so. */
const acceptingHosts = [
  'superbet-casinos.com',
  'fake-hospital.com',
  'hospital.example.com',
  'example.com',
  'virtual-wf-powered-race.com',
  'fake-chat-api.com',
]

const accepts: Host = ({ method, path, json }) => ({
  body: { accepted: `${method} ${path}`, with: json ?? null },
})

/** In the place of the public catalog's function of this name, with the same input; it gives the line that it logs. */
const logFunction: Json = {
  input: {
    schema: {
      document: {
        type: 'object',
        properties: {
          message: { type: 'string' },
          level: { enum: ['information', 'error'] },
          timestamp: { type: 'boolean' },
          format: { type: 'string' },
        },
        required: ['message'],
      },
    },
  },
  run: {
    script: {
      language: 'js',
      arguments: ['${ .level }', '${ .message }'],
      code: 'console.log(`[${process.argv[2].toUpperCase()}] ${process.argv[3]}`)',
    },
  },
}

const ordersService: Json = {
  openapi: '3.0.3',
  info: { title: 'Orders', version: '1' },
  servers: [{ url: 'http://myorg.io/orders' }],
  paths: {
    '/readings': { post: { operationId: 'logreading', responses: { '200': { description: 'ok' } } } },
    '/report': { get: { operationId: 'produceReport', responses: { '200': { description: 'ok' } } } },
  },
}
