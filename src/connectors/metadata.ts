import { compile, JqError } from '../jq/index.ts'
import { parseGoDuration } from '../resilience/index.ts'
import type { Json } from '../workflow/index.ts'
import type { MetadataField } from './connector.ts'

/**
 * A value of `spec.metadata` as its connector takes it. Dapr writes every value as text as well as by its own type,
 * so both are taken. Throws a `RangeError` with a sentence that says what it must be, never with the value.
 */
export function metadataValue(field: MetadataField, value: Json): string | number | boolean {
  const converted = converters[field.type](value)
  if (field.choices && !field.choices.includes(String(converted))) {
    throw new RangeError(`It must be one of: ${field.choices.join(', ')}.`)
  }
  return converted
}

const converters: {
  readonly [T in MetadataField['type']]: (value: Json) => string | number | boolean
} = {
  text(value) {
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    throw new RangeError('It must be a text.')
  },
  number(value) {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number === 'number' && Number.isFinite(number)) return number
    throw new RangeError('It must be a number.')
  },
  boolean(value) {
    const text = String(value).toLowerCase()
    if (['true', 'yes', 'y', 't', 'on', '1'].includes(text)) return true
    if (['false', 'no', 'n', 'f', 'off', '0'].includes(text)) return false
    throw new RangeError('It must be true or false.')
  },
  duration(value) {
    const milliseconds = typeof value === 'string' ? parseGoDuration(value) : undefined
    if (milliseconds !== undefined) return milliseconds
    throw new RangeError('It must be a duration such as 500ms, 30s or 1h30m.')
  },
  bytes(value) {
    const match = /^(\d+(?:\.\d+)?)\s*(|k|M|G|kB|KB|MB|GB|Ki|Mi|Gi|KiB|MiB|GiB|B)$/.exec(String(value).trim())
    const unit = units[match?.[2]?.replace(/B$/, '').replace('K', 'k').replace('ki', 'Ki') ?? '']
    if (match && unit !== undefined) return Math.round(Number(match[1]) * unit)
    throw new RangeError('It must be a size such as 500kB, 10MB or 1Gi.')
  },
  jq(value) {
    try {
      compile(String(value))
    } catch (error) {
      if (!(error instanceof JqError)) throw error
      throw new RangeError(`It is not valid jq: ${error.message}`)
    }
    return String(value)
  },
}

const units: { readonly [unit: string]: number } = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
}
