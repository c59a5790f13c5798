import { errorTable } from '../errors.ts'
import {
  policyFor,
  targetOf,
  type ConnectionTarget,
  type ResiliencyPolicies,
  type Target,
} from '../resilience/index.ts'
import { sourcePosition, type Definition, type Finding } from '../workflow/definition/index.ts'
import { isObject, type Json, type JsonObject } from '../workflow/index.ts'

/**
 * Calls that are tried again twice over: by the `retry` of a `try` around them, and by a policy that somebody has
 * declared for their target. The built-in policy leaves such calls alone; a declared one is taken at its word, and
 * said here. As far as a definition names whom it calls.
 */
export function findMultipliedRetries(
  definitions: readonly Definition[],
  policies: readonly ResiliencyPolicies[],
  connections: readonly ConnectionTarget[],
): readonly Finding[] {
  if (policies.length === 0) return []
  return definitions.flatMap((definition) =>
    retriedCalls(definition).flatMap(({ pointer, target, attempts }) => {
      const { retry, origin } = policyFor(target, policies)
      if (!retry || origin.retry === 'built-in' || retry.maxRetries === 0) return []
      const calls = retry.maxRetries < 0 ? Infinity : 1 + retry.maxRetries
      const code = 'SLUSE-PROJECT-RETRIES'
      const message =
        `The policy ${origin.retry} makes this call up to ${shown(calls)} times in each of up to ${shown(attempts)} ` +
        `attempts of the \`try\` around it: up to ${shown(calls * attempts)} calls in all.`
      const { file } = definition
      return [
        {
          severity: 'warning' as const,
          code,
          message,
          todo: errorTable[code].todo,
          ...(file && { file }),
          ...sourcePosition(definition, pointer),
          pointer,
        },
      ]
    }),
  )

  function retriedCalls(definition: Definition): RetriedCall[] {
    const found: RetriedCall[] = []
    const { retries: named = {} } = definition.workflow.use ?? {}
    /** `attempts` is how often the tasks around may come here; 1 where none tries again. */
    const look = (value: Json, pointer: string, attempts: number): void => {
      if (Array.isArray(value)) value.forEach((item, index) => look(item, `${pointer}/${index}`, attempts))
      if (!isObject(value)) return
      if (attempts > 1 && typeof value.call === 'string' && callsOut.has(value.call)) {
        found.push({ pointer, target: calledBy(value, connections), attempts })
      }
      const tries = attemptsOf(value.catch, named)
      for (const [key, item] of Object.entries(value)) {
        if (data.has(key)) continue
        look(
          item,
          `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
          key === 'try' ? attempts * tries : attempts,
        )
      }
    }
    look(definition.workflow.do as unknown as Json, '/do', 1)
    return found
  }
}

interface RetriedCall {
  readonly pointer: string
  readonly target: Target
  readonly attempts: number
}

/** How often a `catch` has its `try` done, the first time included: dsl-reference.md, "Retry Policy". */
function attemptsOf(given: Json | undefined, named: Json): number {
  const { retry } = isObject(given) ? given : {}
  if (retry === undefined) return 1
  const policy = typeof retry === 'string' && isObject(named) ? named[retry] : retry
  const { limit } = isObject(policy) ? policy : {}
  const { attempt } = isObject(limit) ? limit : {}
  const { count } = isObject(attempt) ? attempt : {}
  return typeof count === 'number' ? 1 + count : Infinity
}

const shown = (times: number): string => (times === Infinity ? 'any number of' : String(times))

const callsOut = new Set(['http', 'openapi', 'grpc', 'asyncapi', 'a2a', 'mcp'])

/** Keys whose values are the user's data, not tasks. */
const data = new Set(['set', 'with', 'input', 'output', 'export', 'metadata'])

/** Whom a call calls, where it says so outright; else somebody whom only the default policies reach. */
function calledBy({ with: given }: JsonObject, connections: readonly ConnectionTarget[]): Target {
  const { endpoint } = isObject(given) ? given : {}
  const uri = isObject(endpoint) ? endpoint.uri : endpoint
  const literal = typeof uri === 'string' && !uri.startsWith('${') ? uri.replace(/\{.*$/s, '') : ''
  return URL.canParse(literal) ? targetOf(literal, connections) : { kind: 'app', name: '' }
}
