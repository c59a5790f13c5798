import { SaxesParser, type SaxesTagNS } from 'saxes'
import { fault, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ReadLimits, Sink, TextParser } from './format.ts'
import { undecodable } from './text.ts'
import type { XmlOptions } from './xml.ts'

/**
 * Reads the elements that repeat, one at a time. An attribute becomes `@name`, the text beside attributes or elements
 * `#text`, an element that has neither its text, one that repeats a list, `xsi:nil` null. Prefixes are left out.
 *
 * A document type is refused as such: no entity is ever declared, expanded or fetched.
 */
export function xmlParser(options: XmlOptions, sink: Sink, limits: ReadLimits): TextParser {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const path: SaxesTagNS[] = []
  const open: OpenElement[] = []
  let started = false
  let recordAt = 0
  /** Characters since the record began, or since the last tag outside of one: so much may be in memory. */
  let held = 0
  let failure: Error | undefined

  const matches = (): boolean => {
    const { path: steps, anywhere, namespaces } = options
    if (anywhere) return fits(path.at(-1), steps[0] as string, namespaces)
    return path.length === steps.length && steps.every((step, at) => fits(path[at], step, namespaces))
  }

  parser.on('error', (error) => {
    failure ??= fault('validation', `It is not well-formed XML: line ${error.message}.`)
  })
  parser.on('doctype', () => {
    failure ??= fault(
      'validation',
      `Line ${parser.line}: it declares a document type, which can make a small file unfold without end; such XML is not read.`,
    )
  })
  parser.on('opentag', (tag) => {
    path.push(tag)
    if (path.length > limits.maxDepth) {
      failure ??= fault('validation', `Line ${parser.line}: it nests deeper than ${limits.maxDepth} levels.`)
    }
    if (path.length === 1 && !options.anywhere && !fits(tag, options.path[0] as string, options.namespaces)) {
      failure ??= fault('validation', `The root is <${tag.name}>, not <${options.path[0]}>.`)
    }
    if (open.length === 0) {
      held = 0
      if (!matches()) return
      recordAt = parser.line
    }
    open.push(newElement(tag, options.attribute))
  })
  const addText = (text: string) => {
    const element = open.at(-1)
    if (element) element.text += text
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    path.pop()
    const element = open.pop()
    if (open.length === 0) held = 0
    if (!element) return
    const value = valueOf(element)
    const parent = open.at(-1)
    if (parent) addMember(parent.members, element.name, value, options.lists.has(element.name))
    else sink.record(value, recordAt)
  })

  return {
    write(text) {
      if (failure) throw failure
      if (text !== '') started = true
      if (undecodable(text)) {
        throw fault(
          'validation',
          `Line ${parser.line} or after it is not UTF-8: declare the encoding that it is in.`,
        )
      }
      held += text.length
      parser.write(text)
      if (failure) throw failure
      if (held > limits.maxRecordSize) {
        throw fault(
          'validation',
          `Line ${parser.line}: an element takes more than the ${limits.maxRecordSize} characters that a record may take.`,
        )
      }
    },
    end() {
      if (!started) throw fault('validation', 'It is empty: there is no XML in it.')
      parser.close()
      if (failure) throw failure
    },
  }
}

interface OpenElement {
  readonly name: string
  readonly members: JsonObject
  readonly nil: boolean
  text: string
}

const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'

function newElement(tag: SaxesTagNS, attribute: string): OpenElement {
  const members: JsonObject = {}
  let nil = false
  for (const { prefix, local, uri, name, value } of Object.values(tag.attributes)) {
    if (prefix === 'xmlns' || name === 'xmlns') continue
    if (uri === schemaInstance) {
      nil ||= local === 'nil' && (value === 'true' || value === '1')
      continue
    }
    members[attribute + local] = value
  }
  return { name: tag.local, members, nil, text: '' }
}

function valueOf({ members, text, nil }: OpenElement): Json {
  const trimmed = text.trim()
  if (Object.keys(members).length === 0) return nil ? null : trimmed === '' ? '' : text
  if (trimmed !== '') members['#text'] = trimmed
  return members
}

function addMember(members: JsonObject, name: string, value: Json, list: boolean): void {
  const there = Object.hasOwn(members, name) ? members[name] : undefined
  if (there === undefined) define(members, name, list ? [value] : value)
  else if (Array.isArray(there)) there.push(value)
  else members[name] = [there, value]
}

/** An element may have any name, `__proto__` among them. */
function define(members: JsonObject, name: string, value: Json): void {
  if (name in {})
    Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true })
  else members[name] = value
}

function fits(tag: SaxesTagNS | undefined, step: string, namespaces: XmlOptions['namespaces']): boolean {
  if (!tag) return false
  const colon = step.indexOf(':')
  if (colon === -1) return tag.local === step
  const uri = namespaces[step.slice(0, colon)]
  if (uri === undefined) {
    throw fault(
      'configuration',
      `\`xml.element\` uses the prefix ${step.slice(0, colon)}, which \`xml.namespaces\` lacks.`,
    )
  }
  return tag.local === step.slice(colon + 1) && tag.uri === uri
}

/** The encoding that an XML declaration names (`<?xml version="1.0" encoding="ISO-8859-1"?>`), lower case. */
export function declaredEncoding(start: Uint8Array): string | undefined {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, 200)).toString('latin1')
  return /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/
    .exec(text)?.[1]
    ?.toLowerCase()
}
