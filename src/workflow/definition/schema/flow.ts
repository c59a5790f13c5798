import { Type } from 'typebox'

/** dsl-reference.md, "Flow Directive": a word, or the name of a task of the same list. */
export function directive(description: string) {
  return Type.String({
    description,
    default: 'continue',
    examples: ['continue', 'exit', 'end'],
    'x-role': 'directive',
  })
}
