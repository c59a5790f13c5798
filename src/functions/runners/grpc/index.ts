/** `call: grpc` with the protocol `grpc`: a method that takes a record as its message, and answers with messages. */
import { createHash } from 'node:crypto'
import {
  fault,
  isObject,
  problem as standard,
  type JsonObject,
  type Problem,
} from '../../../workflow/index.ts'
import { answerOf } from '../../answers.ts'
import { fill } from '../../fill.ts'
import { traceparentOf } from '../../trace.ts'
import { forEach } from '../each.ts'
import type { RunnerKind } from '../runner.ts'

export const grpcKind: RunnerKind = {
  name: 'grpc',
  words: 'call: grpc',
  protocols: ['grpc'],
  fits: ({ call }) => call === 'grpc',
  check({ name, definition }) {
    if (withOf(definition)['arguments'] !== undefined) {
      throw fault(
        'configuration',
        `The function ${name} has \`arguments\`, but what it is sent is the record.`,
      )
    }
  },
  open: (host) => ({
    run(contract, records, context) {
      const given = fill(withOf(contract.definition), context.secrets, contract.name) as JsonObject
      return forEach(
        contract,
        records,
        context,
        async (record, signal) => {
          const { runId, key, secrets } = context
          const text = `${runId}\0${contract.name}\0${JSON.stringify(record)}`
          const id = createHash('sha256').update(text).digest('hex')
          const headers = { traceparent: traceparentOf(runId, `${contract.name} ${id}`) }
          const input = { ...given, proto: protoOf(given['proto']), arguments: record, headers }
          const request = { runId, key, secrets, signal, attempt: 0, idempotencyKey: id }
          return answerOf(await host.activities({ kind: 'grpc', input, ...request }), contract.name)
        },
        (problem) => blamed(problem, contract.name),
      )
    },
    close: () => Promise.resolve(),
  }),
}

const withOf = (definition: JsonObject): JsonObject =>
  isObject(definition['with']) ? definition['with'] : {}

/** As the activity takes a resource: its endpoint as `{ uri }`. */
function protoOf(proto: JsonObject[string] | undefined): JsonObject {
  const given = isObject(proto) ? proto : {}
  const { endpoint } = given
  return { ...given, endpoint: typeof endpoint === 'string' ? { uri: endpoint } : (endpoint ?? null) }
}

/** google/rpc/code.proto: which codes are about what was sent, and which about the service. */
const refusals = ['INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'OUT_OF_RANGE']
const failures = ['UNKNOWN', 'INTERNAL', 'DATA_LOSS', 'ABORTED', 'NOT_FOUND', 'ALREADY_EXISTS']

function blamed(problem: Problem, name: string): Problem | undefined {
  const { grpcStatus, grpcMessage } = problem
  if (typeof grpcStatus !== 'string') return problem.type.endsWith('/validation') ? problem : undefined
  if (failures.includes(grpcStatus)) return problem
  if (!refusals.includes(grpcStatus)) return undefined
  const said = typeof grpcMessage === 'string' && grpcMessage !== '' ? grpcMessage : undefined
  return standard('validation', said ?? `The function ${name} refused the record.`, { grpcStatus })
}
