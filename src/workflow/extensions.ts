import { holds } from './expressions.ts'
import { inside, type Frame, type Surroundings } from './frame.ts'
import { pointerStep, type Json, type JsonObject } from './json.ts'
import { problem, problemOf } from './problem.ts'
import type { ExtensionNode } from './program.ts'
import type { TemplateArguments } from './templates.ts'

/**
 * Extensions of a task (dsl-reference.md, "Extension"): their `before` in declared order, their `after` in
 * reverse. Tasks within them work on the extended task's raw input, or on its output, but put nothing into its
 * data; only `then: exit` in a `before` does, whose output takes the place of what the task would have done.
 * `$task` is the extended task; extension tasks are not extended themselves.
 */
export async function extendBefore(frame: Frame, extensions: readonly ExtensionNode[]): Promise<Before> {
  const entered: ExtensionNode[] = []
  for (const extension of extensions) {
    if (!applies(frame, extension)) continue
    if (extension.before) {
      const key = `${frame.key}/before/${pointerStep(extension.name)}`
      const result = await frame.run.perform.list(extension.before, key, frame.rawInput, within(frame))
      if (result.left !== 'done') return { entered, bypass: result.output, ended: result.left === 'end' }
    }
    entered.push(extension)
  }
  return { entered, bypass: undefined, ended: false }
}

export interface Before {
  /** The extensions that apply, whose `after` is due. */
  readonly entered: readonly ExtensionNode[]
  /** What takes the place of the task's own raw output. */
  readonly bypass: Json | undefined
  /** Whether the workflow ends with it. */
  readonly ended: boolean
}

export async function extendAfter(frame: Frame, entered: readonly ExtensionNode[]): Promise<void> {
  for (const extension of entered.toReversed()) {
    if (!extension.after) continue
    const key = `${frame.key}/after/${pointerStep(extension.name)}`
    const result = await frame.run.perform.list(extension.after, key, frame.output, within(frame))
    if (result.left !== 'end') continue
    frame.then = 'end'
    return
  }
}

function within(frame: Frame): Surroundings {
  const locals = { names: frame.run.program.names, values: {} }
  return inside(frame, { extended: frame, locals })
}

/**
 * In `when`, `$task` also has the task's own properties, which the specification's examples use: `$task.with`.
 * A condition is asked of tasks of every shape, and does not hold for one of a shape on which it fails, as with
 * the conditions of event filters.
 */
function applies(frame: Frame, extension: ExtensionNode): boolean {
  if (extension.when === undefined) return true
  const seen: TemplateArguments = {
    names: frame.run.program.names,
    pointer: extension.pointer,
    mode: frame.mode,
    argument: (name) => (name === 'task' ? described(frame) : frame.argument(name)),
    requireSecret: (name) => frame.requireSecret(name),
    now: () => frame.now(),
  }
  try {
    return holds(extension.when, frame.rawInput, 'input', seen, '/when')
  } catch (error) {
    if (problemOf(error)?.type === expressionError) return false
    throw error
  }
}

const expressionError = problem('expression', '').type

function described(frame: Frame): JsonObject {
  return { ...(frame.node.task as unknown as JsonObject), ...frame.descriptor }
}
