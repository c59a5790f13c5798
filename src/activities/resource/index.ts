/** `resource`: the content of an external resource, as text (dsl-reference.md, "External Resource"). */
import { fault } from '../../workflow/index.ts'
import type { ActivityFactory } from '../activity.ts'
import { endpointOf, objectInput } from '../input.ts'
import { readResource } from '../resources.ts'

/** A resource goes into a run's journal: it is a schema or a script, not data. */
const mostBytes = 5_000_000

export const resource: ActivityFactory = (options) => ({
  name: 'resource',
  async run(input, context) {
    const endpoint = endpointOf(objectInput(input, 'resource')['endpoint'])
    const found = await readResource(endpoint, context, options, { maxBytes: mostBytes })
    if (!found) throw fault('communication', 'The resource came without content.')
    return { content: found.content, mediaType: found.mediaType }
  },
})
