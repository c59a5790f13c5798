import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What `app/greet.proto` has to say for the specification's example of a gRPC call. */
export const exampleGreeterProto = `syntax = "proto3";
package GreeterApi;
service Greeter { rpc SayHello(HelloRequest) returns (HelloReply); }
message HelloRequest { string name = 1; }
message HelloReply { string message = 1; }
`

/** Serves it, by default where the example calls it: port 5011 of this machine, once nobody else has it. */
export async function startExampleGreeter(port = 5011): Promise<{ port: number; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'greeter-'))
  const file = join(folder, 'greet.proto')
  writeFileSync(file, exampleGreeterProto)
  const service = loadSync(file)['GreeterApi.Greeter'] as ServiceDefinition
  rmSync(folder, { recursive: true })
  const server = new Server()
  server.addService(service, {
    SayHello: (call: ServerUnaryCall<{ name: string }, object>, reply: sendUnaryData<object>) =>
      reply(null, { message: `Hello ${call.request.name}` }),
  })
  const bind = () =>
    new Promise<number>((resolve, reject) => {
      server.bindAsync(`localhost:${port}`, ServerCredentials.createInsecure(), (error, at) =>
        error ? reject(error) : resolve(at),
      )
    })
  const bound = await inTurn(bind)
  return { port: bound, close: () => server.forceShutdown() }
}

/** Several files of tests want the one port. */
async function inTurn(bind: () => Promise<number>): Promise<number> {
  for (const until = Date.now() + 50_000; ;) {
    try {
      return await bind()
    } catch (error) {
      if (!String(error).includes('EADDRINUSE') || Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
