import { Type, type Static } from 'typebox'
import { input, output } from './data.ts'
import { schedule } from './schedule.ts'
import { taskList } from './tasks.ts'
import { timeoutOrName } from './timeout.ts'
import { use } from './use.ts'
import { closed, freeMap, hostLabel, lenient, literal, oneWord, semver } from './vocabulary.ts'

const label = {
  pattern: hostLabel,
  'x-form': 'letters, digits and hyphens, at most 63, beginning and ending with a letter or digit',
}
const version = { pattern: semver, 'x-form': 'a semantic version such as 1.0.0 (in quotes)' }

/** dsl-reference.md, "Document". Namespace, name and version together are the identity of a definition. */
const document = closed('Document', 'What this definition is.', {
  dsl: literal('The version of the language.', { ...version, examples: ['1.0.3'] }),
  namespace: literal('The namespace.', label),
  name: literal('The name.', label),
  version: literal('The version of this definition.', { ...version, examples: ['1.0.0'] }),
  title: Type.Optional(literal('A title for people.')),
  summary: Type.Optional(literal('A summary for people, in Markdown.')),
  tags: Type.Optional(freeMap('Tags.')),
  metadata: Type.Optional(freeMap('Anything else to know about it.')),
})

const evaluate = closed('Evaluate', 'How expressions are evaluated.', {
  language: Type.Optional(literal('The language of expressions.', { default: 'jq' })),
  mode: Type.Optional(
    oneWord(
      '`strict`: in data only ${ … } is evaluated; `loose`: every string is tried.',
      ['strict', 'loose'],
      'strict',
    ),
  ),
})

/** dsl-reference.md, "Workflow". */
export const workflow = lenient('Workflow', 'A definition of the Open Workflow Specification, DSL 1.0.', {
  document,
  input: Type.Optional(input),
  use: Type.Optional(use),
  do: taskList('The tasks, in order.'),
  timeout: Type.Optional(timeoutOrName),
  output: Type.Optional(output),
  schedule: Type.Optional(schedule),
  evaluate: Type.Optional(evaluate),
})

export type Workflow = Static<typeof workflow>
export type Document = Static<typeof document>
export type Evaluate = Static<typeof evaluate>
