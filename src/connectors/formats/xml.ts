import type { JsonObject } from '../../workflow/index.ts'
import type { Format } from './format.ts'
import { xmlParser } from './xml-read.ts'
import { xmlWriter } from './xml-write.ts'

export interface XmlOptions {
  /** Steps from the root, or one step that is looked for anywhere; a step is `name` or `prefix:name`. */
  readonly path: readonly string[]
  readonly anywhere: boolean
  readonly namespaces: { readonly [prefix: string]: string }
  readonly lists: ReadonlySet<string>
  readonly attribute: string
  readonly root: string
  readonly item: string
}

export const xml: Format = {
  name: 'xml',
  about: 'An XML document: every element of a name, or at a path, is a record.',
  extensions: ['xml'],
  mediaTypes: ['application/xml', 'text/xml'],
  placeUnit: 'line',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['element'],
    properties: {
      element: {
        type: 'string',
        pattern: '^/?[^/\\s]+(/[^/\\s]+)*$',
        description:
          'The element that repeats: `/kmd/employee` from the root, or `employee` wherever it is. With a prefix of ' +
          '`namespaces` it must be in that namespace, without one any will do.',
      },
      namespaces: {
        type: 'object',
        additionalProperties: { type: 'string', minLength: 1 },
        description: 'Prefixes for `element`; when writing, they are declared at the root.',
      },
      lists: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        description: 'Elements that are lists even where there is but one of them.',
      },
      attribute: {
        type: 'string',
        maxLength: 8,
        default: '@',
        description: 'What the name of an attribute begins with.',
      },
    },
  },
  parser: (options, sink, limits) => xmlParser(readXmlOptions(options), sink, limits),
  textWriter: (options) => xmlWriter(readXmlOptions(options)),
}

function readXmlOptions(given: JsonObject): XmlOptions {
  const element = given.element as string
  const path = element.split('/').filter((step) => step !== '')
  return {
    path,
    anywhere: !element.startsWith('/') && path.length === 1,
    namespaces: (given.namespaces ?? {}) as { [prefix: string]: string },
    lists: new Set((given.lists ?? []) as string[]),
    attribute: (given.attribute as string | undefined) ?? '@',
    root: path.length > 1 ? (path[0] as string) : 'records',
    item: path.at(-1) as string,
  }
}
