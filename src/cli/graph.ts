import { findDefinition } from './find-definition.ts'
import { exitCodes } from './failure.ts'
import { verb } from './verb.ts'

export const graphVerb = verb({
  name: 'graph',
  arguments: [['<file>', 'A definition: a file, or the name of a pipeline of the project.']],
  about: 'Print a definition as a drawing: Mermaid.',
  settings: ['project'],
  without: ['data', 'secretsDir'],
  run: async ({ settings, words, terminal }) => {
    const { definition } = await findDefinition(String(words[0]), settings.project)
    const { mermaid } = await import('../workflow/index.ts')
    const graph = mermaid(definition.workflow)
    if (terminal.json) terminal.data({ graph })
    else terminal.line(graph.trimEnd())
    return exitCodes.done
  },
})
