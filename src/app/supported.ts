import type { Settings } from '../config/index.ts'
import type { FunctionLimits, FunctionOptions } from '../functions/index.ts'
import type { ProjectOptions } from '../project/index.ts'
import type { LoadOptions } from '../workflow/definition/index.ts'

/** Of the protocols that the specification names for `asyncapi`, those that nothing here speaks. */
const unspoken = [
  'amqp1',
  'anypointmq',
  'googlepubsub',
  'ibmmq',
  'jms',
  'kafka',
  'mercure',
  'pulsar',
  'redis',
  'sns',
  'solace',
  'sqs',
  'stomp',
]

const instead = 'Use a server that speaks http, ws, mqtt, mqtt5, nats or amqp, or call a program that does.'

/**
 * What this installation cannot carry out, and what to use instead. A definition that asks for it is refused when it
 * is read, never when it is too late.
 */
export const loadOptions: Pick<Required<LoadOptions>, 'unsupported'> = {
  unsupported: Object.fromEntries(unspoken.map((protocol) => [`protocol.${protocol}`, instead])),
}

/** How a project is read by this installation. */
export function projectOptions(settings: Settings): ProjectOptions {
  return { ...loadOptions, functionLimits: functionLimits(settings) }
}

/** How functions are opened by this installation. */
export function functionsBy(settings: Settings): Pick<FunctionOptions, 'limits' | 'maxProcesses'> {
  return { limits: functionLimits(settings), maxProcesses: settings.functionProcesses }
}

export function functionLimits(settings: Settings): FunctionLimits {
  return {
    usual: {
      timeoutMs: settings.functionTimeout,
      memoryBytes: settings.functionMemory,
      answerBytes: settings.functionAnswer,
      logBytes: settings.functionLog,
      pool: settings.functionPool,
      restarts: settings.functionRestarts,
    },
    most: {
      timeoutMs: settings.functionTimeoutMax,
      memoryBytes: settings.functionMemoryMax,
      answerBytes: settings.functionAnswerMax,
      logBytes: settings.functionLogMax,
      pool: settings.functionPoolMax,
      restarts: settings.functionRestartsMax,
    },
  }
}
