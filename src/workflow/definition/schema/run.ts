import { Type, type Static } from 'typebox'
import { duration } from './duration.ts'
import { externalResource } from './endpoint.ts'
import { taskOf } from './task-base.ts'
import { closed, dataMap, either, enclosed, exactlyOne, literal, oneWord, text } from './vocabulary.ts'

const stdin = Type.Optional(text('What it reads on its standard input.'))
const args = Type.Optional(Type.Array(text('An argument.'), { description: 'The arguments, in order.' }))
/** A list from DSL 1.0.3 on, a map before. */
const listOrMap = (map: string) =>
  Type.Optional(
    either('Arguments', 'The arguments, in order; or by name, as DSL 1.0.0 to 1.0.2 have them.', [
      Type.Array(text('An argument.'), { title: 'List' }),
      dataMap(map, { title: 'Map' }),
    ]),
  )
const environment = Type.Optional(dataMap('Environment variables.'))

const lifetime = closed(
  'Lifetime',
  'When the container is removed.',
  {
    cleanup: oneWord('When to remove it.', ['always', 'never', 'eventually'], 'never'),
    after: Type.Optional(duration),
  },
  { 'x-only-with': { key: 'after', other: 'cleanup', equals: 'eventually' } },
)

const container = closed('Container', 'A container to run.', {
  image: text('The image.'),
  name: Type.Optional(text('The name of the container.')),
  command: Type.Optional(text('The command to run in it.')),
  ports: Type.Optional(dataMap('Ports, host to container.')),
  volumes: Type.Optional(dataMap('Volumes, host to container.')),
  environment,
  stdin,
  arguments: args,
  lifetime: Type.Optional(lifetime),
  pullPolicy: Type.Optional(
    oneWord('When to pull the image.', ['ifNotPresent', 'always', 'never'], 'ifNotPresent'),
  ),
})

const script = exactlyOne(
  'Script',
  'A script to run: `code` here, or `source` elsewhere.',
  {
    code: literal('The script. It is never evaluated: data reaches it as arguments, environment or input.'),
    source: externalResource,
  },
  {
    language: literal('The language: js or python.', { examples: ['js', 'python'] }),
    stdin,
    arguments: listOrMap('Variables of the script.'),
    environment,
  },
)

const shell = closed('Shell', 'A command to run in a shell.', {
  command: text('The command.'),
  stdin,
  arguments: listOrMap('Each becomes `name=value`, or `name` where there is no value.'),
  environment,
})

const subWorkflow = closed('Sub-workflow', 'Another workflow to run.', {
  namespace: literal('Its namespace.'),
  name: literal('Its name.'),
  version: literal('Its version, or `latest`.', { default: 'latest' }),
  input: Type.Optional(
    either('Sub-workflow input', 'Its input; without it, the input of this task.', [
      dataMap('The input.', { title: 'Data' }),
      enclosed('Yields the input.'),
    ]),
  ),
})

/** dsl-reference.md, "Run". */
export const runTask = taskOf(
  'Run task',
  'Runs a container, a script, a shell command or another workflow.',
  {
    run: exactlyOne(
      'Process',
      'What to run: exactly one.',
      { container, script, shell, workflow: subWorkflow },
      {
        await: Type.Optional(
          Type.Boolean({ description: 'Whether to wait until it has ended.', default: true }),
        ),
        return: Type.Optional(
          oneWord('What the output is.', ['stdout', 'stderr', 'code', 'all', 'none'], 'stdout'),
        ),
      },
      { 'x-feature': 'run' },
    ),
  },
)

export type WorkflowProcess = Static<typeof subWorkflow>
