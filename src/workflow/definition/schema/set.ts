import { taskOf } from './task-base.ts'
import { dataMap, either, text } from './vocabulary.ts'

/** dsl-reference.md, "Set". */
export const setTask = taskOf('Set task', 'Sets the data.', {
  set: either('New data', 'The data, or an expression that yields it.', [
    dataMap('The data; strings that are ${ … } are evaluated.', { title: 'Data', minProperties: 1 }),
    text('Yields the data.', { title: 'Expression' }),
  ]),
})
