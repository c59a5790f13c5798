import { createHash } from 'node:crypto'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import { expression, jqOption, type Expression } from '../expression.ts'

/** JSON Schema of `pagination`. */
export const paginationOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  description: 'How further pages are asked for. Default: there is one page.',
  properties: {
    page: {
      type: 'object',
      additionalProperties: false,
      description: 'By number, until a page has no items.',
      properties: {
        parameter: { type: 'string', minLength: 1, default: 'page' },
        first: { type: 'integer', minimum: 0, default: 1 },
        sizeParameter: { type: 'string', minLength: 1 },
        size: {
          type: 'integer',
          minimum: 1,
          description: 'Items of a page; one that has fewer is the last.',
        },
      },
    },
    offset: {
      type: 'object',
      additionalProperties: false,
      required: ['limit'],
      description: 'By how many items come before, until a page has fewer than `limit`.',
      properties: {
        parameter: { type: 'string', minLength: 1, default: 'offset' },
        limitParameter: { type: 'string', minLength: 1, default: 'limit' },
        limit: { type: 'integer', minimum: 1 },
      },
    },
    cursor: {
      type: 'object',
      additionalProperties: false,
      required: ['next'],
      description: 'By a text that the page gives, until it gives none.',
      properties: {
        parameter: { type: 'string', minLength: 1, default: 'cursor' },
        next: jqOption('jq on the page: the cursor of the next one.'),
      },
    },
    next: jqOption('jq on the page: the address of the next one, until there is none.'),
    link: { const: true, description: 'By the `Link` header with `rel="next"` (RFC 8288).' },
  },
}

/** What asks for a page. */
export interface PageRequest {
  /** A path or an address of the same origin; absent: the path of the options. */
  readonly address?: string
  readonly query: JsonObject
}

export interface Page {
  readonly request: PageRequest
  /** From 1. */
  readonly number: number
  readonly items: number
  readonly body: Json
  readonly headers: { readonly [name: string]: string }
}

export interface Pager {
  readonly first: PageRequest
  /** The system is only asked for a number: one that does not heed it gives the same page for ever. */
  readonly counts?: true
  next(page: Page): PageRequest | undefined
}

export function pagerOf(options: Json | undefined): Pager {
  if (!isObject(options)) return { first: { query: {} }, next: () => undefined }
  if (isObject(options.page)) return byNumber(options.page)
  if (isObject(options.offset)) return byOffset(options.offset)
  if (isObject(options.cursor)) return byCursor(options.cursor)
  if (typeof options.next === 'string') {
    const next = expression(options.next, 'pagination.next')
    return { first: { query: {} }, next: ({ body }) => addressed(next, body) }
  }
  return { first: { query: {} }, next: ({ headers }) => linked(headers.link) }
}

function byNumber({ parameter = 'page', first = 1, size, sizeParameter }: JsonObject): Pager {
  const query = (number: number): JsonObject => ({
    [String(parameter)]: number,
    ...(typeof sizeParameter === 'string' && size !== undefined && { [sizeParameter]: size }),
  })
  return {
    counts: true,
    first: { query: query(Number(first)) },
    next: ({ number, items }) =>
      items === 0 || (size !== undefined && items < Number(size))
        ? undefined
        : { query: query(Number(first) + number) },
  }
}

function byOffset({ parameter = 'offset', limitParameter = 'limit', limit }: JsonObject): Pager {
  const query = (offset: number): JsonObject => ({
    [String(parameter)]: offset,
    [String(limitParameter)]: limit as number,
  })
  return {
    counts: true,
    first: { query: query(0) },
    next: ({ request, items }) =>
      items < Number(limit) ? undefined : { query: query(Number(request.query[String(parameter)]) + items) },
  }
}

function byCursor({ parameter = 'cursor', next }: JsonObject): Pager {
  const find = expression(String(next), 'pagination.cursor.next')
  return {
    first: { query: {} },
    next({ body }) {
      const cursor = find.first(body)
      if (cursor === null || cursor === '' || cursor === false) return undefined
      if (typeof cursor !== 'string' && typeof cursor !== 'number') {
        throw fault('validation', '`pagination.cursor.next` gives neither a text nor a number.')
      }
      return { query: { [String(parameter)]: cursor } }
    },
  }
}

function addressed(next: Expression, body: Json): PageRequest | undefined {
  const address = next.first(body)
  if (address === null || address === '' || address === false) return undefined
  if (typeof address === 'string') return { address, query: {} }
  throw fault('validation', '`pagination.next` does not give an address.')
}

const linkShape = /<([^>]*)>((?:\s*;\s*[^=;,\s]+(?:\s*=\s*(?:"[^"]*"|[^;,\s]*))?)*)/g

function linked(header = ''): PageRequest | undefined {
  for (const [, address = '', parameters = ''] of header.matchAll(linkShape)) {
    const relation = /;\s*rel\s*=\s*"?([^";]+)"?/i.exec(parameters)?.[1] ?? ''
    if (relation.toLowerCase().split(/\s+/).includes('next')) return { address, query: {} }
  }
  return undefined
}

/** Notices pages that lead in a circle: else a read would never end. */
export class LoopGuard {
  readonly #asked = new Set<string>()
  readonly #most: number
  #last = ''

  constructor(mostPages: number) {
    this.#most = mostPages
  }

  ask(request: PageRequest, number: number): void {
    const key = digest(request)
    if (this.#asked.has(key)) {
      throw fault(
        'validation',
        `Page ${number} is one that was read before: its pages lead in a circle, and the read would never end.`,
      )
    }
    if (number > this.#most) {
      throw fault(
        'validation',
        `There are more than the ${this.#most} pages that \`maxPages\` allows: do they ever end?`,
      )
    }
    this.#asked.add(key)
  }

  answer(items: readonly Json[], number: number): void {
    const found = items.length === 0 ? '' : digest(items)
    if (found !== '' && found === this.#last) {
      throw fault(
        'validation',
        `Page ${number} is the same as the one before it: the system does not heed the parameter that asks for a page.`,
      )
    }
    this.#last = found
  }
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64')
