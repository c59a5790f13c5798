import createClient from 'openapi-fetch'
import type { components, operations, paths } from './schema.ts'

export type Schemas = components['schemas']

/** What an operation answers when all is well. */
export type Body<Operation extends keyof operations> = operations[Operation] extends {
  responses: { 200: { content: { 'application/json': infer Content } } }
}
  ? Content
  : never

/** The API of the server that this page came from. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // No page of another site can send it: the server takes no change from a session without it.
  headers: { 'sluse-request': 'console' },
})

/** What the server refused, as problem details; or that it could not be reached (`status` 0). */
export class ApiFailure extends Error {
  readonly status: number
  readonly code: string | undefined
  readonly problem: Partial<Schemas['Problem']>

  constructor(problem: Partial<Schemas['Problem']>, status: number) {
    super(problem.title ?? problem.detail ?? String(status))
    this.problem = problem
    this.status = status
    this.code = problem.code
  }
}

interface Answer<T> {
  readonly data?: T
  readonly error?: unknown
  readonly response: Response
}

/** The data of an answer; throws an `ApiFailure`. */
export async function dataOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await asked
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiFailure({}, 0)
  }
  const { data, error, response } = answer
  if (!response.ok) {
    throw new ApiFailure(typeof error === 'object' && error !== null ? error : {}, response.status)
  }
  return data as T
}
