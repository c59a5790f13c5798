import { expression, type Connector, type TargetMode } from '../connectors/index.ts'
import { invalid, isObject, problemOf, type Json, type JsonObject } from '../workflow/index.ts'
import { escaped, textsIn } from './option-texts.ts'
import { isDatasetUri } from './plan.ts'
import { programOf } from './steps/pure.ts'

/** What is wrong with a transfer before it is run. */
export interface TransferComplaint {
  /** A warning where it is probably not what was meant. */
  readonly severity: 'error' | 'warning'
  /** JSON pointer in the arguments. */
  readonly pointer: string
  readonly message: string
  readonly todo: string
}

/** What a transfer may name. */
export interface TransferSurroundings {
  /** The connector of each connection by name; nothing for one that is there and cannot be judged. */
  readonly connections: ReadonlyMap<string, Connector | undefined>
  /** The functions of the default catalog as `name:version`. */
  readonly functions: readonly string[]
  /** Whether any text may be an expression (`evaluate: { mode: loose }`), and not only one in `${ }`. */
  readonly loose: boolean
}

/**
 * Checks the arguments of `transfer:1.0.0@default` as they are written, and tells all that is wrong at once. Their
 * shape has been checked by the language's schema. What an expression yields is left to run time: to `planOf`.
 */
export function checkTransfer(given: Json, surroundings: TransferSurroundings): readonly TransferComplaint[] {
  if (!isObject(given)) return []
  const { from, through, to } = given
  const complaints: TransferComplaint[] = []
  const check = new Check(surroundings, complaints)
  if (isObject(from)) check.source(from)
  check.steps(through, '/through')
  const targets = Array.isArray(to) ? to.filter(isObject) : []
  targets.forEach((target, index) => check.target(target, `/to/${index}`))
  check.names(targets)
  return complaints
}

class Check {
  readonly #surroundings: TransferSurroundings
  readonly #complaints: TransferComplaint[]

  constructor(surroundings: TransferSurroundings, complaints: TransferComplaint[]) {
    this.#surroundings = surroundings
    this.#complaints = complaints
  }

  source({ connection, dataset, ...options }: JsonObject): void {
    if ((connection === undefined) === (dataset === undefined)) {
      const message = 'It has a `connection` or a `dataset`, and not both.'
      return this.#report('/from', message, 'Write one of the two.')
    }
    if (dataset !== undefined) {
      if (this.#isOpen(dataset) || isDatasetUri(dataset)) return
      const message = `${JSON.stringify(dataset)} is not the URI of a dataset.`
      return this.#report(
        '/from/dataset',
        message,
        'Write `sluse:dataset/<id>`, or an expression that yields one.',
      )
    }
    const name = String(connection)
    const connector = this.#connector(connection, '/from/connection')
    if (!connector) return
    if (connector.sourceOptions)
      this.#options(options, connector.sourceOptions, '/from', `${name} as a source`)
    else {
      const message = `Nothing can be read from the connection ${name}: ${connector.type} is no source.`
      this.#report(
        '/from/connection',
        message,
        this.#others(({ sourceOptions }) => sourceOptions !== undefined),
      )
    }
  }

  target(given: JsonObject, at: string): void {
    const { connection, name: _, mode = 'append', key, through, ...options } = given
    this.steps(through, `${at}/through`, true)
    if (mode === 'upsert' && key === undefined) {
      const message = 'With `mode: upsert` it must be said which members of a record are its key.'
      this.#report(`${at}/mode`, message, 'Add `key: [<member>, …]`.')
    }
    const connector = this.#connector(connection, `${at}/connection`)
    if (!connector) return
    const { targetOptions, targetModes = [], type } = connector
    const name = String(connection)
    if (!targetOptions) {
      const message = `Nothing can be written to the connection ${name}: ${type} is no target.`
      const todo = this.#others((each) => each.targetOptions !== undefined)
      return this.#report(`${at}/connection`, message, todo)
    }
    if (!targetModes.includes(mode as TargetMode)) {
      const message = `The connection ${name} (${type}) cannot ${String(mode)}.`
      const place = given.mode === undefined ? at : `${at}/mode`
      this.#report(place, message, `Write one of the modes that it has: ${targetModes.join(', ')}.`)
    }
    this.#options(options, targetOptions, at, `${name} as a target`)
  }

  /** Two targets of one name cannot be told apart in counts, dead letters and replays. */
  names(targets: readonly JsonObject[]): void {
    const taken = new Set<Json>()
    for (const [index, { name, connection }] of targets.entries()) {
      const called = name ?? connection ?? null
      if (!this.#isOpen(called) && taken.has(called)) {
        const message = `There are two targets called ${String(called)}.`
        this.#report(`/to/${index}`, message, 'Give one of them another `name`.')
      }
      taken.add(called)
    }
  }

  /** `pure`: the steps of one target are done anew on every attempt, so they must neither remember nor do anything. */
  steps(given: Json | undefined, at: string, pure = false): void {
    if (!Array.isArray(given)) return
    for (const [index, step] of given.entries()) {
      for (const [kind, value] of Object.entries(isObject(step) ? step : {})) {
        const place = `${at}/${index}/${kind}`
        if (pure && (kind === 'deduplicate' || kind === 'call')) {
          const message = `The steps of one target cannot ${kind}.`
          this.#report(
            place,
            message,
            'Put it into the `through` of the transfer: that is done once for all targets.',
          )
        }
        if (kind === 'validate') this.#schema(value, place)
        else if (kind === 'call') this.#function(String(value), place)
        else this.#jq(() => programOf(String(value)), place)
      }
    }
  }

  #jq(compiled: () => unknown, at: string): void {
    const message = faultOf(compiled)
    if (message !== undefined)
      this.#report(at, message, 'Correct it; the playground of the console shows what it gives.')
  }

  /** Of inline schemas it is the language that says whether they compile. */
  #schema(value: Json, at: string): void {
    if (!isObject(value) || value.document !== undefined) return
    const message = 'The schema of a step cannot be fetched from elsewhere.'
    this.#report(at, message, 'Write the schema itself as `document`.')
  }

  #function(called: string, at: string): void {
    const [, name = '', catalog = 'default'] = /^([^@]+)(?:@(.+))?$/.exec(called) ?? []
    const { functions } = this.#surroundings
    if (catalog !== 'default' || functions.includes(name)) return
    const there = functions.length > 0 ? `There are: ${functions.join(', ')}.` : 'There are none yet.'
    const message = `The project has no function ${name}.`
    this.#report(at, message, `Put it into functions/${name.replace(':', '/')}/function.yaml. ${there}`)
  }

  #connector(name: Json | undefined, at: string): Connector | undefined {
    const { connections } = this.#surroundings
    if (typeof name !== 'string') return undefined
    if (connections.has(name) || this.#isOpen(name)) return connections.get(name)
    this.#report(
      at,
      `There is no connection ${JSON.stringify(name)}.`,
      this.#others(() => true),
    )
    return undefined
  }

  #options(options: JsonObject, schema: JsonObject, at: string, what: string): void {
    const names = Object.keys(isObject(schema.properties) ? schema.properties : {})
    const strict = schema.additionalProperties === false
    const unknown = strict ? Object.keys(options).filter((name) => !names.includes(name)) : []
    const todo = `It takes: ${names.join(', ')}.`
    for (const name of unknown) {
      this.#report(`${at}/${escaped(name)}`, `${what} has no option ${JSON.stringify(name)}.`, todo)
    }
    const known = without(options, (name) => unknown.includes(name))
    const open = Object.keys(known).filter((name) => this.#isOpen(known[name]))
    const all = errorsOf(known, schema)
    // What is wrong with the options together counts only where no expression has a part in it.
    const rest =
      open.length === 0
        ? all
        : errorsOf(
            without(known, (name) => open.includes(name)),
            schema,
          )
    for (const [pointer, details] of all) {
      const [, option] = pointer.split('/')
      if (option === undefined ? rest.get('') !== details : open.some((name) => escaped(name) === option))
        continue
      const place = pointer === '' ? what : `${pointer.slice(1).replaceAll('/', '.')} of ${what}`
      this.#report(`${at}${pointer}`, `${place} ${details}.`, option === undefined ? todo : seeReference)
    }
    this.#texts(known, schema, at)
  }

  /** jq is compiled; a text that is taken as it stands, though it looks like jq, is told. */
  #texts(options: JsonObject, schema: JsonObject, at: string): void {
    for (const { pointer, text, schema: its } of textsIn(options, schema)) {
      if (this.#isOpen(text)) continue
      const place = pointer.slice(1).replaceAll('/', '.')
      if (its?.format === 'jq') this.#jq(() => expression(text, place), `${at}${pointer}`)
      else if (looksLikeJq.test(text) && its?.pattern === undefined) {
        const message = `\`${place}\` is taken as it stands: ${JSON.stringify(text)} is not evaluated.`
        const todo = `Write \${ ${text.trim()} } if it is to be evaluated.`
        this.#report(`${at}${pointer}`, message, todo, 'warning')
      }
    }
  }

  /** Whether it is known at run time only. */
  #isOpen(value: Json | undefined): boolean {
    if (typeof value === 'string') return this.#surroundings.loose || enclosed.test(value)
    if (typeof value !== 'object' || value === null) return false
    return Object.values(value).some((each) => this.#isOpen(each))
  }

  #others(fits: (connector: Connector) => boolean): string {
    const { connections } = this.#surroundings
    const names = [...connections].flatMap(([name, connector]) =>
      connector && fits(connector) ? [name] : [],
    )
    if (names.length === 0) return 'Declare one in connections/; docs/reference/connections.md shows how.'
    return `Name one of: ${names.join(', ')}; or declare another in connections/.`
  }

  #report(
    pointer: string,
    message: string,
    todo: string,
    severity: TransferComplaint['severity'] = 'error',
  ): void {
    this.#complaints.push({ severity, pointer, message, todo })
  }
}

/** `.name` or `.[`, but no file such as `.env.csv`. */
const looksLikeJq = /^\s*\.(?:[a-zA-Z_]\w*|\[[^/]*\])(?:\s*[|[?].*)?$/
const enclosed = /^\s*\$\{[\s\S]+\}\s*$/
const seeReference = 'Correct it; docs/reference/connections.md shows what can stand there.'

/** By pointer, all that is wrong there. */
function errorsOf(options: JsonObject, schema: JsonObject): Map<string, string> {
  const found = invalid(schema, 'json', options, 'the options')?.problem
  const errors = (found?.errors ?? []) as unknown as readonly { pointer: string; detail: string }[]
  const byPointer = new Map<string, string>()
  for (const { pointer, detail } of errors) {
    const earlier = byPointer.get(pointer)
    byPointer.set(pointer, earlier === undefined ? detail : `${earlier}, ${detail}`)
  }
  return byPointer
}

function faultOf(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    const found = problemOf(error)
    if (!found) throw error
    return found.detail ?? found.type
  }
}

function without(options: JsonObject, left: (name: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !left(name)))
}
