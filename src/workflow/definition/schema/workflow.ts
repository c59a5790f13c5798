import { Type, type Static } from 'typebox'
import type { Json } from '../../json.ts'
import { input, output } from './data.ts'
import { schedule } from './schedule.ts'
import { taskList } from './tasks.ts'
import { timeoutOrName } from './timeout.ts'
import { use } from './use.ts'
import { closed, either, freeMap, hostLabel, lenient, literal, oneWord, semver } from './vocabulary.ts'

const label = {
  pattern: hostLabel,
  'x-form': 'letters, digits and hyphens, at most 63, beginning and ending with a letter or digit',
}
const version = { pattern: semver, 'x-form': 'a semantic version such as 1.0.0 (in quotes)' }

/** What the specification leaves open of schedules. A value that is no map is another's word, and carried along. */
const schedulePolicy = either('Schedule policy', 'How the schedule behaves where the language is silent.', [
  lenient('Schedule policy by keys', 'How the schedule behaves where the language is silent.', {
    timezone: Type.Optional(
      literal('Time zone of `cron`.', {
        default: 'UTC',
        examples: ['Europe/Copenhagen'],
        'x-role': 'timezone',
      }),
    ),
    missed: Type.Optional(
      oneWord('What becomes of times that passed while nothing ran.', ['skip', 'last', 'all'], 'last'),
    ),
    overlap: Type.Optional(
      oneWord(
        'What happens when a run is due while another is under way.',
        ['allow', 'skip', 'queue'],
        'allow',
      ),
    ),
  }),
  Type.Unsafe<Json>({ description: 'Anything else.' }),
])

/** dsl-reference.md, "Document". Namespace, name and version together are the identity of a definition. */
const document = closed('Document', 'What this definition is.', {
  dsl: literal('The version of the language.', { ...version, examples: ['1.0.3'] }),
  namespace: literal('The namespace.', label),
  name: literal('The name.', label),
  version: literal('The version of this definition.', { ...version, examples: ['1.0.0'] }),
  title: Type.Optional(literal('A title for people.')),
  summary: Type.Optional(literal('A summary for people, in Markdown.')),
  tags: Type.Optional(freeMap('Tags.')),
  metadata: Type.Optional(
    freeMap('Anything else to know about it.', { schedule: Type.Optional(schedulePolicy) }),
  ),
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
