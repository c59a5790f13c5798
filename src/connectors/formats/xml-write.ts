import { isObject, type Json } from '../../workflow/index.ts'
import type { Refusal, TextWriter } from './format.ts'
import type { XmlOptions } from './xml.ts'

/** The mirror of reading: `@name` is an attribute, `#text` the text, a list an element for each item. */
export function xmlWriter(options: XmlOptions): TextWriter {
  const { path, item, attribute, namespaces } = options
  const around = path.length > 1 ? path.slice(0, -1) : [options.root]
  const declared = Object.entries(namespaces)
    .map(([prefix, uri]) => ` xmlns:${prefix}="${escape(uri)}"`)
    .join('')
  return {
    begin: () =>
      `<?xml version="1.0" encoding="UTF-8"?>\n${around.map((name, at) => `<${name}${at === 0 ? declared : ''}>`).join('')}\n`,
    records(values) {
      const refused: Refusal[] = []
      let text = ''
      values.forEach((value, index) => {
        try {
          text += `${element(item, value, attribute)}\n`
        } catch (error) {
          if (!(error instanceof NotXml)) throw error
          refused.push({ index, detail: error.message })
        }
      })
      return { text, refused }
    },
    end: () =>
      `${[...around]
        .reverse()
        .map((name) => `</${name}>`)
        .join('')}\n`,
    state: null,
    resume: () => {},
    appends: false,
  }
}

class NotXml extends Error {}

function element(name: string, value: Json, attribute: string): string {
  if (!nameShape.test(name)) throw new NotXml(`${JSON.stringify(name)} cannot be the name of an element.`)
  if (Array.isArray(value)) return value.map((each) => element(name, each, attribute)).join('')
  if (value === null) return `<${name}/>`
  if (!isObject(value)) return `<${name}>${escape(String(value))}</${name}>`
  let attributes = ''
  let content = ''
  for (const [key, member] of Object.entries(value)) {
    if (key === '#text') content += escape(String(member))
    else if (attribute !== '' && key.startsWith(attribute)) {
      const short = key.slice(attribute.length)
      if (!nameShape.test(short) || typeof member === 'object') {
        throw new NotXml(`${JSON.stringify(key)} cannot be an attribute.`)
      }
      attributes += ` ${short}="${escape(String(member))}"`
    } else content += element(key, member, attribute)
  }
  return `<${name}${attributes}>${content}</${name}>`
}

const nameShape = /^[\p{L}_][\p{L}\p{N}_.-]*(?::[\p{L}_][\p{L}\p{N}_.-]*)?$/u

function escape(text: string): string {
  const forbidden = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text)
  if (forbidden) throw new NotXml(`XML has no ${JSON.stringify(forbidden[0])}.`)
  return text.replace(/[&<>"\r\n\t]/g, (character) => entities[character] as string)
}

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}
