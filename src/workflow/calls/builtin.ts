import { authenticationOf } from '../authentication.ts'
import type { CallKind } from '../definition/task-kind.ts'
import type { Authentication, CallTask, Duration, Endpoint, ExternalResource } from '../definition/types.ts'
import { endpointOf } from '../endpoints.ts'
import type { Frame } from '../frame.ts'
import { isObject, put, type Json, type JsonObject } from '../json.ts'

type BuiltinCall = Exclude<CallKind, 'function'>

/**
 * Arguments of a built-in call as the activity gets them: expressions evaluated, endpoints as `{ uri,
 * authentication? }`, policies put in place of their names, durations as `{ milliseconds }`.
 */
export function argumentsOf(frame: Frame, kind: BuiltinCall): JsonObject {
  return fillArguments(frame, argumentsIn(frame), special[kind], '/with')
}

/** The policy under which the call is made, if any: what `$authorization` stands for. */
export function authenticationIn(frame: Frame, kind: BuiltinCall): JsonObject | undefined {
  const [steps, role] =
    special[kind].find(([, each]) => each === 'authentication' || each === 'endpoint') ?? []
  if (!steps) return undefined
  const found = get(argumentsIn(frame), role === 'endpoint' ? [...steps, 'authentication'] : steps)
  if (!isObject(found)) return undefined
  return authenticationOf(frame, found as unknown as Authentication, `/with/${steps.join('/')}`)
}

export function argumentsIn(frame: Frame): JsonObject {
  return ((frame.node.task as CallTask).with ?? {}) as unknown as JsonObject
}

type Role = 'endpoint' | 'resource' | 'authentication' | 'duration'

/** Where arguments are more than data. */
export type Special = readonly (readonly [steps: readonly string[], role: Role])[]

const special: { readonly [kind in BuiltinCall]: Special } = {
  http: [[['endpoint'], 'endpoint']],
  openapi: [
    [['document'], 'resource'],
    [['authentication'], 'authentication'],
  ],
  grpc: [
    [['proto'], 'resource'],
    [['service', 'authentication'], 'authentication'],
  ],
  asyncapi: [
    [['document'], 'resource'],
    [['authentication'], 'authentication'],
  ],
  a2a: [
    [['agentCard'], 'resource'],
    [['server'], 'endpoint'],
  ],
  mcp: [
    [['transport', 'http', 'endpoint'], 'endpoint'],
    [['timeout'], 'duration'],
  ],
}

/** Fills `data` as a template, but for its special members. */
export function fillArguments(frame: Frame, data: JsonObject, members: Special, place: string): JsonObject {
  const { rest, found } = split(data, members)
  const filled = { ...(frame.fill(rest, place) as JsonObject) }
  for (const { steps, role, value } of found) {
    set(filled, steps, specialOf(frame, role, value, `${place}/${steps.join('/')}`))
  }
  return filled
}

function specialOf(frame: Frame, role: Role, value: Json, place: string): Json {
  switch (role) {
    case 'endpoint':
      return endpointOf(frame, value as unknown as Endpoint, place)
    case 'resource': {
      const { endpoint, name } = value as unknown as ExternalResource
      return {
        ...(name === undefined ? {} : { name }),
        endpoint: endpointOf(frame, endpoint, `${place}/endpoint`),
      }
    }
    case 'authentication':
      return authenticationOf(frame, value as unknown as Authentication, place)
    case 'duration':
      return { milliseconds: frame.duration(value as unknown as Duration, place) }
  }
}

interface Split {
  /** The data without what is special; the same object each time, so that its template is kept. */
  readonly rest: JsonObject
  readonly found: readonly { readonly steps: readonly string[]; readonly role: Role; readonly value: Json }[]
}

const splits = new WeakMap<JsonObject, Split>()

function split(data: JsonObject, members: Special): Split {
  let result = splits.get(data)
  if (!result) {
    let rest: JsonObject = data
    const found = members.flatMap(([steps, role]) => {
      const value = get(data, steps)
      if (value === undefined) return []
      rest = without(rest, steps)
      return [{ steps, role, value }]
    })
    splits.set(data, (result = { rest, found }))
  }
  return result
}

function get(data: JsonObject, steps: readonly string[]): Json | undefined {
  return steps.reduce<Json | undefined>((value, step) => (isObject(value) ? value[step] : undefined), data)
}

function without(data: JsonObject, [step, ...steps]: readonly string[]): JsonObject {
  if (step === undefined) return data
  const { [step]: removed, ...rest } = data
  if (steps.length > 0 && isObject(removed)) put(rest, step, without(removed, steps))
  return rest
}

/** Sets a member of an object of our own, copying what lies on the way. */
function set(data: JsonObject, [step, ...steps]: readonly string[], value: Json): void {
  if (step === undefined) return
  if (steps.length === 0) return put(data, step, value)
  const inner = data[step]
  const copy = isObject(inner) ? { ...inner } : {}
  put(data, step, copy)
  set(copy, steps, value)
}
