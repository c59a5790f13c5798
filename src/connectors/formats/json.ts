import type { Format } from './format.ts'
import { jsonParser } from './json-read.ts'
import { jsonWriter } from './json-write.ts'

/** One JSON document whose records are the items of a list in it; read item by item, whatever its size. */
export const json: Format = {
  name: 'json',
  about: 'A JSON document: the items of a list, at the top or at a path.',
  extensions: ['json'],
  mediaTypes: ['application/json'],
  placeUnit: 'item',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        pattern: '^(/[^/]+)*$',
        default: '',
        description: 'JSON Pointer to the list, e.g. `/data/items`. Default: the document itself.',
      },
    },
  },
  parser: (options, sink, limits) => jsonParser(namesOf(options.path), sink, limits),
  textWriter: (options) => jsonWriter(namesOf(options.path)),
}

const namesOf = (path: unknown): string[] =>
  (typeof path === 'string' ? path : '')
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
