/** A gRPC server on loopback, by the library of the gRPC project: what a client of ours must understand. */
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const greeterProto = `syntax = "proto3";
package greetings.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/empty.proto";
import "common/tone.proto";

service Greeter {
  rpc Greet(Greeting) returns (Reply);
  rpc GreetAll(stream Greeting) returns (Reply);
  rpc Count(Greeting) returns (stream Reply);
  rpc Chat(stream Greeting) returns (stream Reply);
  rpc Echo(Everything) returns (Everything);
  rpc Fail(Greeting) returns (Reply);
  rpc Hang(Greeting) returns (stream Reply);
  rpc Flood(google.protobuf.Empty) returns (stream Reply);
  rpc Nothing(google.protobuf.Empty) returns (google.protobuf.Empty);
}

message Greeting { string name = 1; int32 times = 2; }
message Reply { string text = 1; int32 number = 2; map<string, string> metadata = 3; }

message Everything {
  string text = 1;
  bool flag = 2;
  int64 big = 3;
  uint64 huge = 4;
  double real = 5;
  float small = 6;
  bytes raw = 7;
  common.Tone tone = 8;
  repeated int32 numbers = 9;
  map<string, Greeting> people = 10;
  map<string, bool> by_name = 11;
  optional string maybe = 12;
  oneof either { string left = 13; int32 right = 14; }
  Greeting inner = 15;
  google.protobuf.Timestamp at = 16;
  google.protobuf.Duration lasting = 17;
  google.protobuf.Struct free = 18;
  google.protobuf.Value anything = 19;
  google.protobuf.Int64Value wrapped = 20;
  uint32 snake_case_name = 21;
  string renamed = 22 [json_name = "otherName"];
}
`

export const toneProto = `syntax = "proto3";
package common;
enum Tone { TONE_UNSPECIFIED = 0; TONE_WARM = 1; }
`

interface Greeting {
  name: string
  times: number
}
interface Reply {
  text: string
  number?: number
  metadata?: { [name: string]: string }
}

export interface Greeter {
  readonly port: number
  /** How many calls the client took back. */
  readonly cancelled: () => number
  close(): Promise<void>
}

export async function startGreeter(tls?: { key: string; certificate: string }, port = 0): Promise<Greeter> {
  const folder = mkdtempSync(join(tmpdir(), 'greeter-'))
  writeFileSync(join(folder, 'greeter.proto'), greeterProto)
  mkdirSync(join(folder, 'common'))
  writeFileSync(join(folder, 'common/tone.proto'), toneProto)
  const loaded = loadSync(join(folder, 'greeter.proto'), {
    includeDirs: [folder],
    longs: String,
    keepCase: true,
  })
  rmSync(folder, { recursive: true })
  let cancelled = 0

  const server = new Server()
  server.addService(loaded['greetings.v1.Greeter'] as ServiceDefinition, {
    Greet(call: ServerUnaryCall<Greeting, Reply>, reply: sendUnaryData<Reply>) {
      const metadata = Object.fromEntries(
        Object.entries(call.metadata.getMap()).map(([k, v]) => [k, String(v)]),
      )
      reply(null, { text: `Hello ${call.request.name}`, number: call.request.times, metadata })
    },
    GreetAll(call: ServerReadableStream<Greeting, Reply>, reply: sendUnaryData<Reply>) {
      const names: string[] = []
      call.on('data', ({ name }: Greeting) => names.push(name))
      call.on('end', () => reply(null, { text: names.join(' and '), number: names.length }))
    },
    Count(call: ServerWritableStream<Greeting, Reply>) {
      for (let number = 1; number <= call.request.times; number += 1)
        call.write({ text: call.request.name, number })
      call.end()
    },
    Chat(call: ServerDuplexStream<Greeting, Reply>) {
      call.on('data', ({ name }: Greeting) => call.write({ text: `Hello ${name}` }))
      call.on('end', () => call.end())
    },
    Echo(call: ServerUnaryCall<object, object>, reply: sendUnaryData<object>) {
      reply(null, call.request)
    },
    Fail(call: ServerUnaryCall<Greeting, Reply>, reply: sendUnaryData<Reply>) {
      reply({ code: call.request.times, details: `no ${call.request.name} – æøå` })
    },
    Hang(call: ServerWritableStream<Greeting, Reply>) {
      call.write({ text: 'one' })
      call.on('cancelled', () => (cancelled += 1))
    },
    Flood(call: ServerWritableStream<object, Reply>) {
      const text = 'x'.repeat(100_000)
      const write = () => {
        while (!call.cancelled && call.write({ text }));
        if (!call.cancelled) call.once('drain', write)
      }
      write()
    },
    Nothing(_call: ServerUnaryCall<object, object>, reply: sendUnaryData<object>) {
      reply(null, {})
    },
  })
  const credentials = tls
    ? ServerCredentials.createSsl(null, [
        { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
      ])
    : ServerCredentials.createInsecure()
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) => (error ? reject(error) : resolve(at)))
  })
  return {
    port: bound,
    cancelled: () => cancelled,
    close: async () => server.forceShutdown(),
  }
}
