import { taskKind, type TaskKind } from './definition/task-kind.ts'
import type { Extension, Task, TaskList, Workflow } from './definition/types.ts'
import { Names } from './expressions.ts'
import { pointerStep, type JsonObject } from './json.ts'
import { fault } from './problem.ts'
import type { Mode } from './templates.ts'

/**
 * A definition made ready to run: task lists with their pointers, extensions by task type, references resolved.
 * Built as the run comes by, once per definition, and shared by its runs. Holds nothing of any run.
 */
export class Program {
  readonly workflow: Workflow
  readonly mode: Mode
  /** No local variables: what tasks outside of any loop or catch see. */
  readonly names = new Names()
  /** The workflow itself as a task: `do` with its input and output, at the root of the definition. */
  readonly root: TaskNode
  readonly main: ListNode
  /** The names in `use.secrets`. */
  readonly listed: ReadonlySet<string>
  readonly #extensions: readonly ExtensionNode[]
  readonly #functions = new Map<string, TaskNode>()

  constructor(workflow: Workflow) {
    const language = workflow.evaluate?.language ?? 'jq'
    if (language !== 'jq') {
      throw fault('configuration', `Expressions in '${language}' are not supported; use jq.`)
    }
    this.workflow = workflow
    this.mode = workflow.evaluate?.mode ?? 'strict'
    this.listed = new Set(workflow.use?.secrets ?? [])
    this.root = new TaskNode({ do: workflow.do }, workflow.document.name, '', '')
    this.main = this.root.list('/do', workflow.do)
    this.#extensions = (workflow.use?.extensions ?? []).flatMap((item, index) =>
      Object.entries(item).map(([name, extension]) => new ExtensionNode(extension, index, name)),
    )
  }

  static of(workflow: Workflow): Program {
    let program = programs.get(workflow)
    if (!program) programs.set(workflow, (program = new Program(workflow)))
    return program
  }

  /** What `use` holds under a name. Throws a `configuration` fault where it holds nothing. */
  used<S extends 'authentications' | 'errors' | 'retries' | 'timeouts'>(section: S, name: string): Used[S] {
    const all = this.workflow.use?.[section] as { [name: string]: Used[S] } | undefined
    const found = all && Object.hasOwn(all, name) ? all[name] : undefined
    if (found === undefined) throw fault('configuration', `use.${section} has no '${name}'.`)
    return found
  }

  /** A function of `use.functions`, as a task at its own place in the definition. */
  function(name: string): TaskNode | undefined {
    let node = this.#functions.get(name)
    const functions = this.workflow.use?.functions
    if (!node && functions && Object.hasOwn(functions, name)) {
      node = new TaskNode(functions[name] as Task, name, `/use/functions/${pointerStep(name)}`, '')
      this.#functions.set(name, node)
    }
    return node
  }

  /** The extensions of a task, in declared order. */
  extensions(node: TaskNode): readonly ExtensionNode[] {
    return this.#extensions.length === 0
      ? none
      : (node.extensions ??= this.#extensions.filter((e) => e.extends(node.kind)))
  }
}

type Used = { [S in 'authentications' | 'errors' | 'retries' | 'timeouts']: Section<S>[string] }
type Section<S extends keyof NonNullable<Workflow['use']>> = NonNullable<NonNullable<Workflow['use']>[S]>

const programs = new WeakMap<Workflow, Program>()
const none: readonly ExtensionNode[] = []

/** A list of tasks at one place of the definition. */
export class ListNode {
  readonly tasks: readonly TaskNode[]
  readonly #index = new Map<string, number>()

  constructor(list: TaskList, pointer: string) {
    this.tasks = list.flatMap((item, index) =>
      Object.entries(item).map(([name, task]) => {
        const step = `/${index}/${pointerStep(name)}`
        return new TaskNode(task, name, pointer + step, step)
      }),
    )
    this.tasks.forEach((task, index) => this.#index.has(task.name) || this.#index.set(task.name, index))
  }

  /** Where a flow directive goes. Throws a `configuration` fault where the list has no such task. */
  indexOf(name: string): number {
    const index = this.#index.get(name)
    if (index === undefined) throw fault('configuration', `'then' names no task of the same list: '${name}'.`)
    return index
  }
}

/** A task at one place of the definition. */
export class TaskNode {
  readonly task: Task
  readonly kind: TaskKind
  readonly name: string
  /** JSON pointer (RFC 6901) in the definition. */
  readonly pointer: string
  /** The last steps of the pointer, from the list that the task is in: `/0/getPet`. */
  readonly step: string
  /** Whether any expression of the task may mention `$authorization`. */
  readonly usesAuthorization: boolean
  extensions: readonly ExtensionNode[] | undefined
  /** Of a function's task: `{ reference }`, `{ address }`, or nothing where it is one of `use.functions`. */
  origin: JsonObject | undefined
  readonly #lists = new Map<string, ListNode>()

  constructor(task: Task, name: string, pointer: string, step: string) {
    this.task = task
    this.kind = taskKind(task)
    this.name = name
    this.pointer = pointer
    this.step = step
    this.usesAuthorization = this.kind === 'call' && JSON.stringify(task).includes('$authorization')
  }

  /** A list within the task, `place` being its path from the task: `/do`, `/catch/do`, … */
  list(place: string, list: TaskList): ListNode {
    let node = this.#lists.get(place)
    if (!node) this.#lists.set(place, (node = new ListNode(list, this.pointer + place)))
    return node
  }
}

/** An extension and the lists that it adds. */
export class ExtensionNode {
  readonly name: string
  readonly when: string | undefined
  readonly pointer: string
  readonly before: ListNode | undefined
  readonly after: ListNode | undefined
  readonly #extend: Extension['extend']

  constructor(extension: Extension, index: number, name: string) {
    this.name = name
    this.when = extension.when
    this.pointer = `/use/extensions/${index}/${pointerStep(name)}`
    this.#extend = extension.extend
    this.before = extension.before && new ListNode(extension.before, `${this.pointer}/before`)
    this.after = extension.after && new ListNode(extension.after, `${this.pointer}/after`)
  }

  /** `composite` is `do` and `fork`: `for` and `try` have names of their own. */
  extends(kind: TaskKind): boolean {
    if (this.#extend === 'all') return true
    return this.#extend === 'composite' ? kind === 'do' || kind === 'fork' : this.#extend === kind
  }
}
