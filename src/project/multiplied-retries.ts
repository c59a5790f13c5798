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
    retriedCalls(definition).flatMap(({ pointer, target }) => {
      const { retry, origin } = policyFor(target, policies)
      if (!retry || origin.retry === 'built-in' || retry.maxRetries === 0) return []
      const times = retry.maxRetries < 0 ? 'without end' : `${retry.maxRetries} times`
      const code = 'SLUSE-PROJECT-RETRIES'
      const message = `The policy ${origin.retry} repeats this call ${times} within each attempt of the \`try\` around it.`
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

  function retriedCalls(definition: Definition): { pointer: string; target: Target }[] {
    const found: { pointer: string; target: Target }[] = []
    const look = (value: Json, pointer: string, retried: boolean): void => {
      if (Array.isArray(value)) value.forEach((item, index) => look(item, `${pointer}/${index}`, retried))
      if (!isObject(value)) return
      if (retried && typeof value.call === 'string' && callsOut.has(value.call)) {
        found.push({ pointer, target: calledBy(value, connections) })
      }
      const retries = isObject(value.catch) && value.catch.retry !== undefined
      for (const [key, item] of Object.entries(value)) {
        if (data.has(key)) continue
        look(
          item,
          `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
          key === 'try' ? retried || retries : retried && key !== 'catch',
        )
      }
    }
    look(definition.workflow.do as unknown as Json, '/do', false)
    return found
  }
}

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
