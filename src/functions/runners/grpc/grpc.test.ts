import {
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultOf } from '../../../http/testing/index.ts'
import { isObject, type Json } from '../../../workflow/index.ts'
import { contractSuite } from '../../testing/contract-suite.ts'
import { greet, greetInput } from '../../testing/greet.ts'
import { testProject } from '../../testing/project.ts'
import { traceIdOf } from '../../trace.ts'

const proto = `syntax = "proto3";
package function;
service Function { rpc Handle(Record) returns (stream Greeting); }
message Record { optional string name = 1; repeated string names = 2; bool many = 3; string street = 4; string fails = 5; }
message Greeting { optional string name = 1; optional string message = 2; }
`
const project = testProject()
let server: Server
let last: Metadata | undefined

beforeAll(async () => {
  mkdirSync(join(project.folder, 'protos'))
  const file = join(project.folder, 'protos/function.proto')
  writeFileSync(file, proto)
  const service = loadSync(file, { oneofs: true })['function.Function'] as ServiceDefinition
  server = new Server()
  server.addService(service, {
    Handle: (call: ServerWritableStream<{ [key: string]: Json }, object>) => {
      last = call.metadata
      const { fails, names } = call.request
      if (typeof fails === 'string' && fails !== '') {
        return void call.emit('error', { code: status[fails as 'INTERNAL'], details: 'failed' })
      }
      const record = Object.hasOwn(call.request, '_name') ? { name: call.request['name'] ?? '' } : {}
      const many = (Array.isArray(names) && names.length > 0) || call.request['many'] === true
      const answer = greet(many ? { names: names ?? [] } : record)
      if (isObject(answer) && typeof answer['error'] === 'string') {
        return void call.emit('error', { code: status.INVALID_ARGUMENT, details: answer['error'] })
      }
      for (const each of Array.isArray(answer) ? answer : [answer]) call.write(each as object)
      return call.end()
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  for (const [name, at] of [
    ['grpc', port],
    ['gone', 9],
  ] as const) {
    project.add(name, {
      'function.yaml': `${greetInput}call: grpc
with:
  proto: { endpoint: protos/function.proto }
  service: { name: function.Function, host: 127.0.0.1, port: ${at} }
  method: Handle
metadata: { protocol: grpc, pool: 4 }
`,
    })
  }
})
afterAll(async () => {
  await project.close()
  server.forceShutdown()
})

describe('a gRPC service', () => {
  // A message of proto3 cannot tell an empty list from none.
  contractSuite((records) =>
    project.call(
      'grpc',
      records.map((record) => (isObject(record) && 'names' in record ? { ...record, many: true } : record)),
    ),
  )
})

test('each call carries the trace of its run', async () => {
  await project.call('grpc', [{ name: 'Bo' }], { runId: 'g' })
  expect(String(last?.get('traceparent'))).toContain(traceIdOf('g'))
})

test('an internal error is a failure on that record, an unavailable service nobody’s', async () => {
  const outcomes = await project.call('grpc', [{ fails: 'INTERNAL' }, { name: 'Bo' }])
  expect(outcomes).toMatchObject([{ refused: { grpcStatus: 'INTERNAL' } }, { records: [{ name: 'Bo' }] }])
  expect(await faultOf(project.call('grpc', [{ fails: 'UNAUTHENTICATED' }]))).toMatchObject({ status: 401 })
  expect((await faultOf(project.call('gone', [{}]))).type).toMatch(/communication$/)
})
