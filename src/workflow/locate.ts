import { problemOf, WorkflowFault } from './problem.ts'

/** The fault, with the task's pointer as its `instance` unless it has one (dsl-reference.md, "Error"). */
export function located(error: unknown, pointer: string): unknown {
  const problem = problemOf(error)
  if (!problem || problem.instance !== undefined) return error
  return new WorkflowFault({ ...problem, instance: pointer })
}

/** Does the work; a fault that it throws is at `pointer`. */
export function locate<T>(pointer: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw located(error, pointer)
  }
}

export async function locateAsync<T>(pointer: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw located(error, pointer)
  }
}
