import { fault } from '../../workflow/index.ts'
import type { ReadLimits, Sink, TextParser } from './format.ts'
import { takeJson } from './take-json.ts'

/**
 * Finds where each item of the list at `names` begins and ends, and leaves the item itself to `JSON.parse`: an item
 * that is not valid is bad, and the next is read all the same. Around the list only brackets and strings are watched.
 */
export function jsonParser(names: readonly string[], sink: Sink, limits: ReadLimits): TextParser {
  let data = ''
  /** Where scanning goes on in `data`; what lies before `kept` is let go. */
  let at = 0
  let kept = 0
  let inString = false
  let depth = 0
  let containers = 0 // How many containers of the path are open.
  let text: string | undefined // The last string directly within the innermost of them,
  let key: string | undefined // and the member that the next value is of.
  let list: 'before' | 'in' | 'after' = 'before'
  let items = 0
  let itemStart = 0
  let started = false

  const broken = (detail: string) =>
    fault(
      'validation',
      `It is not valid JSON ${items === 0 ? 'before the first item' : `after item ${items}`}: ${detail}`,
    )

  const take = (end: number, closes: boolean) => {
    const item = data.slice(itemStart, end)
    if (closes && items === 0 && item.trim() === '') return
    items += 1
    if (item.trim() === '') throw broken('there is a comma too many.')
    takeJson(item, items, 'item', sink, limits)
  }

  const open = (bracket: string) => {
    const here = depth === containers && (depth === 0 || key === names[depth - 1])
    depth += 1
    if (!here || list !== 'before') return
    if (containers < names.length) {
      if (bracket === '{') containers += 1
    } else if (bracket === '[') {
      list = 'in'
      itemStart = at + 1
    }
    key = undefined
  }

  const close = (bracket: string) => {
    depth -= 1
    if (depth < 0) throw broken(`a ${bracket} closes nothing.`)
    if (list === 'in' && depth === names.length) {
      if (bracket !== ']') throw broken('the list ends with }.')
      take(at, true)
      list = 'after'
    }
    if (depth < containers) containers = depth
  }

  const scan = () => {
    for (; at < data.length; at += 1) {
      const code = data.charCodeAt(at)
      if (inString) {
        if (code === 0x5c) at += 1
        else if (code === 0x22) {
          inString = false
          if (list === 'before' && depth === containers) text = parsed(data.slice(kept, at + 1))
        }
        continue
      }
      switch (code) {
        case 0x22:
          inString = true
          if (list !== 'in') kept = at
          break
        case 0x5b:
        case 0x7b:
          open(code === 0x5b ? '[' : '{')
          break
        case 0x5d:
        case 0x7d:
          close(code === 0x5d ? ']' : '}')
          break
        case 0x3a:
          if (list === 'before' && depth === containers) key = text
          break
        case 0x2c:
          if (list === 'in' && depth === names.length + 1) {
            take(at, false)
            itemStart = at + 1
          } else if (depth === containers) key = undefined
          break
        case 0x20:
        case 0x09:
        case 0x0a:
        case 0x0d:
          break
        default:
          if (depth === 0) throw broken('text stands outside of it.')
      }
    }
  }

  return {
    write(piece) {
      if (piece === '') return
      started = true
      data += piece
      scan()
      const keep = list === 'in' ? itemStart : inString ? kept : at
      data = data.slice(keep)
      at -= keep
      kept = Math.max(0, kept - keep)
      itemStart = 0
      if (data.length > limits.maxRecordSize) {
        throw broken(
          `what follows is longer than the ${limits.maxRecordSize} characters that a record may take.`,
        )
      }
    },
    end() {
      if (!started) throw fault('validation', 'It is empty: there is no JSON in it.')
      if (depth > 0 || inString) throw broken('it ends in the middle.')
      if (list === 'before') {
        throw fault(
          'validation',
          `There is no list at ${names.length === 0 ? 'the top' : `/${names.join('/')}`}.`,
        )
      }
    },
  }
}

function parsed(text: string): string | undefined {
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}
