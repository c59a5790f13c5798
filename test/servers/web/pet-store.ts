import type { Json, JsonObject } from '../../../src/workflow/index.ts'
import type { Host } from '../internet/index.ts'

/**
 * A stand-in for the pet store at petstore.swagger.io: pets 1 to 10, and the part of its Swagger 2 document
 * that definitions of the specification use. A bearer token, where one is sent, must be in `tokens`.
 */
export function petStore({ tokens }: { tokens?: readonly string[] } = {}): Host {
  const pets = new Map<string, JsonObject>(
    Array.from({ length: 10 }, (_, index) => [
      String(index + 1),
      { id: index + 1, name: `pet ${index + 1}`, photoUrls: [], status: statuses[index % 3] as string },
    ]),
  )
  return ({ method, path, query, json, headers }) => {
    if (path === '/v2/swagger.json') return { body: swagger }
    const token = headers['authorization']?.replace(/^Bearer /, '')
    if (token !== undefined && !tokens?.includes(token))
      return { status: 401, body: { message: 'unknown token' } }
    if (path === '/v2/pet/findByStatus') {
      const wanted = query.getAll('status').flatMap((status) => status.split(','))
      return { body: [...pets.values()].filter((pet) => wanted.includes(pet['status'] as string)) }
    }
    if (path === '/v2/pet/') return { status: 405 }
    const id = path.match(/^\/v2\/pet\/(\d+)$/)?.[1]
    const pet = id === undefined ? undefined : pets.get(id)
    if (id === undefined || !pet) return { status: 404, body: { type: 'error', message: 'Pet not found' } }
    if (method === 'PUT') pets.set(id, { ...pet, ...(json as JsonObject) })
    return { body: pets.get(id) as Json }
  }
}

const statuses = ['available', 'pending', 'sold']

const swagger: Json = {
  swagger: '2.0',
  info: { title: 'Pet store stand-in', version: '1.0.0' },
  host: 'petstore.swagger.io',
  basePath: '/v2',
  schemes: ['https', 'http'],
  paths: {
    '/pet/findByStatus': {
      get: {
        operationId: 'findPetsByStatus',
        produces: ['application/json'],
        parameters: [
          {
            name: 'status',
            in: 'query',
            required: true,
            type: 'array',
            items: { type: 'string', enum: statuses },
            collectionFormat: 'multi',
          },
        ],
        responses: { '200': { description: 'the pets' } },
      },
    },
    '/pet/{petId}': {
      get: {
        operationId: 'getPetById',
        produces: ['application/json'],
        parameters: [{ name: 'petId', in: 'path', required: true, type: 'integer', format: 'int64' }],
        responses: { '200': { description: 'the pet' }, '404': { description: 'none' } },
      },
    },
  },
}
