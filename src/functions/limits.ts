import { fault, isObject, milliseconds, type Json, type JsonObject } from '../workflow/index.ts'
import { bytesOf } from './quantity.ts'

/** How far one function may go, as its `function.yaml` declares or as is usual here. */
export interface Limits {
  /** Longest time for one record, start of the function included. */
  readonly timeoutMs: number
  /** Most memory of a process and its children, or of a container. */
  readonly memoryBytes: number
  /** Most bytes of one answer: a line of output, the body of a response. */
  readonly answerBytes: number
  /** Most bytes that one process may write to the log. What is beyond is left out. */
  readonly logBytes: number
  /** How many processes, containers or requests at once. */
  readonly pool: number
  /** How many processes in a row may end without any answer before the call fails. */
  readonly restarts: number
}

/** What an installation allows its functions. */
export interface FunctionLimits {
  /** Where a `function.yaml` says nothing. */
  readonly usual: Limits
  /** The most that one may ask for. */
  readonly most: Limits
}

export const builtInLimits: FunctionLimits = {
  usual: {
    timeoutMs: 60_000,
    memoryBytes: 512_000_000,
    answerBytes: 10_000_000,
    logBytes: 10_000_000,
    pool: 1,
    restarts: 10,
  },
  most: {
    timeoutMs: 3_600_000,
    memoryBytes: 4_000_000_000,
    answerBytes: 100_000_000,
    logBytes: 1_000_000_000,
    pool: 64,
    restarts: 1000,
  },
}

interface Declared {
  /** Where it stands in a `function.yaml`. */
  readonly place: readonly [part: string, key: string]
  readonly read: (value: Json) => number | undefined
  readonly least: number
  /** What it must be, for people. */
  readonly words: string
  readonly show: (value: number) => string
}

const whole = (value: Json) => (Number.isInteger(value) ? (value as number) : undefined)
const size = { read: bytesOf, words: 'a size such as 512Mi', show: (value: number) => `${value} bytes` }
const count = { read: whole, words: 'a whole number', show: String, least: 1 }

const declared: { readonly [N in keyof Limits]: Declared } = {
  timeoutMs: {
    place: ['timeout', 'after'],
    read: milliseconds,
    least: 1,
    words: 'a duration',
    show: (value) => `${value / 1000} seconds`,
  },
  memoryBytes: { place: ['metadata', 'memory'], least: 1_000_000, ...size },
  answerBytes: { place: ['metadata', 'answer'], least: 1, ...size },
  logBytes: { place: ['metadata', 'log'], least: 1, ...size },
  pool: { place: ['metadata', 'pool'], ...count },
  restarts: { place: ['metadata', 'restarts'], ...count },
}

/** The limits of the function `name`. Throws a `configuration` fault that says what may stand there. */
export function readLimits(name: string, definition: JsonObject, { usual, most }: FunctionLimits): Limits {
  const read = (limit: keyof Limits): number => {
    const { place, read, least, words, show } = declared[limit]
    const [part, key] = place
    const within = definition[part]
    const given = isObject(within) ? within[key] : undefined
    if (given === undefined && (part === 'metadata' || within === undefined)) {
      return Math.min(usual[limit], most[limit])
    }
    const value = given === undefined ? undefined : read(given)
    if (value !== undefined && value >= least && value <= most[limit]) return value
    throw fault(
      'configuration',
      `The function ${name} has \`${place.join('.')}: ${JSON.stringify(given ?? null)}\`, which must be ${words} from ${show(least)} to ${show(most[limit])}; more is for whoever runs the server to allow.`,
    )
  }
  return {
    timeoutMs: read('timeoutMs'),
    memoryBytes: read('memoryBytes'),
    answerBytes: read('answerBytes'),
    logBytes: read('logBytes'),
    pool: read('pool'),
    restarts: read('restarts'),
  }
}
