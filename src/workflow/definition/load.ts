import { errorTable } from '../../errors.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { declared } from './schema/vocabulary.ts'
import { workflow as workflowDeclaration } from './schema/workflow.ts'
import type { Task } from './schema/tasks.ts'
import { defaultLimits } from './text/limits.ts'
import { readSource, type Format, type Source, type TextFault } from './text/source.ts'
import type { Definition, Finding } from './types.ts'
import { checkExpressions } from './validate/expressions.ts'
import { checkForm } from './validate/forms.ts'
import { checkJsonSchemas } from './validate/json-schemas.ts'
import { checkCalls, checkDirectives, checkReferences, namesOf, type Names } from './validate/names.ts'
import { noSites, type Place } from './validate/place.ts'
import { enough, Remarks, type Remark } from './validate/report.ts'
import { checkShape } from './validate/shape.ts'
import { checkTask, checkTaskList } from './validate/tasks.ts'
import type { Walk } from './validate/walk.ts'
import { checkWhole } from './validate/whole.ts'

export interface LoadOptions {
  /** Where the text is from: it is repeated in findings, and `.json` chooses the format. */
  readonly file?: string
  readonly format?: Format
  /** The functions of the default catalog as `name:version`; without, any name of that catalog is taken. */
  readonly functions?: readonly string[]
  /**
   * What the caller cannot carry out, and why or what to use instead: `{ 'protocol.kafka': 'Use …' }`. Features
   * are `task.<type>`, `call.<name>|<name:version@default>|function`, `run.<process>`, `script.js|python`,
   * `protocol.<name>` of `asyncapi`, `schedule.<kind>`,
   * `authentication.<scheme>`, `schema.resource`, `transport.http|stdio`, `use.extensions`, `use.catalogs`.
   */
  readonly unsupported?: { readonly [feature: string]: string }
}

export interface Loaded<T> {
  /** Only where no finding is an error. */
  readonly definition?: T
  /** All of them at once, in the order of the text. */
  readonly findings: readonly Finding[]
}

/** Reads and checks a definition. Whatever is wrong with the text is a finding; nothing is thrown. */
export function load(text: string, options: LoadOptions = {}): Loaded<Definition> {
  return loadText(text, options, (value, check) => {
    checkDefinition(value, check)
    if (!check.remarks.isClean) return undefined
    const workflow = value as unknown as Definition['workflow']
    const { namespace, name, version } = workflow.document
    const file = options.file === undefined ? {} : { file: options.file }
    return { workflow, text, ...file, reference: { namespace, name, version } }
  })
}

/** Reads and checks a `function.yaml` of a catalog: one task, which sees no `use`. */
export function loadFunction(text: string, options: LoadOptions = {}): Loaded<Task> {
  return loadText(text, options, (value, check) => {
    const names: Names = { ...namesOf({}), secrets: undefined }
    const place: Place = { pointer: '', moment: 'task', variables: new Set(), conditional: true }
    const walk = walkOf(check)
    checkTask(value, place, walk)
    judge(walk, names, false, check)
    return check.remarks.all.some((remark) => remark.severity === 'error')
      ? undefined
      : (value as unknown as Task)
  })
}

interface Check {
  readonly options: LoadOptions
  readonly remarks: Remarks
}

function loadText<T>(
  text: string,
  options: LoadOptions,
  check: (value: Json, check: Check) => T | undefined,
): Loaded<T> {
  const format = options.format ?? (options.file?.toLowerCase().endsWith('.json') ? 'json' : 'yaml')
  const { source, faults, positionOf } = readSource(text, format, defaultLimits)
  if (!source) return { findings: faults.map((fault) => textFinding(fault, positionOf, options)) }
  const remarks = new Remarks()
  let definition: T | undefined
  try {
    definition = check(source.value, { options, remarks })
  } catch (error) {
    if (error !== enough) throw error
  }
  const findings = remarks.all.map((remark) => finding(remark, source, options))
  findings.sort((one, other) => one.line - other.line || one.column - other.column)
  return definition === undefined ? { findings } : { definition, findings }
}

function checkDefinition(value: Json, check: Check): void {
  if (!isObject(value)) {
    const message = `A definition must be a map with \`document\` and \`do\`, but this is ${Array.isArray(value) ? 'a list' : 'a single value'}.`
    return check.remarks.error('SLUSE-DEFINITION-TYPE', '', message)
  }
  const walk = walkOf(check)
  const place: Place = { pointer: '', moment: 'workflow', variables: new Set(), conditional: false }
  checkShape(declared(workflowDeclaration), value, place, walk)
  useFeatures(value, walk, place)
  checkWhole(value, walk.sites, check.remarks)
  const loose = isObject(value.evaluate) && value.evaluate.mode === 'loose'
  judge(walk, namesOf(value), loose, check)
}

/** What can be said only when all has been seen. */
function judge({ sites }: Walk, names: Names, loose: boolean, { options, remarks }: Check): void {
  checkReferences(sites, names, remarks)
  checkDirectives(sites, remarks)
  checkCalls(sites, names, remarks, options.functions)
  checkExpressions(sites, names, loose, remarks)
  checkJsonSchemas(sites, remarks)
}

function walkOf({ options, remarks }: Check): Walk {
  const walk: Walk = {
    report: remarks,
    sites: noSites(),
    checkForm: (role, value, place) => checkForm(role, value, place, remarks),
    refer: (reference, value, place) => {
      const outside = { ...place, moment: 'task' } as const
      if (reference === '#/$defs/task') {
        // A function is called from anywhere: it sees no variables of tasks, and has no tasks beside it.
        checkTask(value, { ...outside, variables: new Set(), siblings: undefined, conditional: true }, walk)
      } else {
        checkTaskList(value, outside, walk)
      }
    },
    feature: (group, name, place) => {
      const reason = options.unsupported?.[`${group}.${name}`]
      if (reason === undefined) return
      const message = `\`${name}\` is not supported here${group === 'task' ? '' : ` (${group})`}.`
      remarks.error('SLUSE-DEFINITION-UNSUPPORTED', place.pointer, message, { todo: reason, part: 'key' })
    },
  }
  return walk
}

function useFeatures(value: JsonObject, walk: Walk, place: Place): void {
  if (!isObject(value.use)) return
  for (const name of Object.keys(value.use)) walk.feature('use', name, { ...place, pointer: `/use/${name}` })
}

function finding(remark: Remark, source: Source, { file }: LoadOptions): Finding {
  const { severity, code, message, pointer } = remark
  const todo = remark.todo ?? errorTable[code].todo
  const position = source.positionOf(source.offsetOf(pointer, remark.part))
  return { severity, code, message, todo, ...(file === undefined ? {} : { file }), ...position, pointer }
}

function textFinding(fault: TextFault, positionOf: Source['positionOf'], { file }: LoadOptions): Finding {
  const { code, message } = fault
  const todo = fault.todo ?? errorTable[code].todo
  const position = positionOf(fault.offset)
  return {
    severity: 'error',
    code,
    message,
    todo,
    ...(file === undefined ? {} : { file }),
    ...position,
    pointer: '',
  }
}

/** Sources of definitions that were asked for a position, so that a second question costs little. */
const sources = new WeakMap<object, Source>()

/**
 * Line and column, both from 1, of what a JSON pointer names in a definition's text: for an error at run time,
 * whose `instance` is such a pointer. Of the nearest place around it, where the text has none.
 */
export function sourcePosition(
  definition: Pick<Definition, 'text' | 'file'>,
  pointer: string,
): { line: number; column: number } {
  const format = definition.file?.toLowerCase().endsWith('.json') ? 'json' : 'yaml'
  const source = sources.get(definition) ?? readSource(definition.text, format, defaultLimits).source
  if (!source) return { line: 1, column: 1 }
  sources.set(definition, source)
  return source.positionOf(source.offsetOf(pointer, 'key'))
}
