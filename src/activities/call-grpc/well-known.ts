import { fault, isObject, type Json } from '../../workflow/index.ts'
import type { Message } from './proto-json.ts'
import { scalarFromJson, scalarToJson } from './scalars.ts'

/** A type with a JSON form of its own (protobuf.dev/programming-guides/json, "ProtoJSON Format"). */
interface WellKnown {
  from(json: Json, at: string): unknown
  to(message: Message): Json
}

const wrapper = (type: string): WellKnown => ({
  from: (json, at) => ({ value: scalarFromJson(type, json, at) }),
  to: ({ value }) => scalarToJson(type, value),
})

const timestamp: WellKnown = {
  from(json, at) {
    const [, date, fraction = '', zone] =
      typeof json === 'string'
        ? (/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(json) ?? [])
        : []
    const milliseconds = Date.parse(`${date}${zone}`)
    if (date === undefined || Number.isNaN(milliseconds)) {
      throw fault('validation', `'${at}' is no time by RFC 3339, such as 2026-01-31T12:00:00Z.`)
    }
    return {
      seconds: scalarFromJson('int64', milliseconds / 1000, at),
      nanos: Number(fraction.padEnd(9, '0')),
    }
  },
  to({ seconds, nanos }) {
    const whole = new Date(Number(seconds ?? 0) * 1000).toISOString().slice(0, 19)
    return `${whole}${fractionOf(Number(nanos ?? 0))}Z`
  },
}

const duration: WellKnown = {
  from(json, at) {
    const [, sign, whole, fraction = ''] =
      typeof json === 'string' ? (/^(-)?(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) ?? []) : []
    if (whole === undefined) throw fault('validation', `'${at}' is no duration in seconds, such as 1.5s.`)
    const nanos = Number(fraction.padEnd(9, '0'))
    return { seconds: scalarFromJson('int64', `${sign ?? ''}${whole}`, at), nanos: sign ? -nanos : nanos }
  },
  to({ seconds, nanos }) {
    const [whole, part] = [Number(seconds ?? 0), Number(nanos ?? 0)]
    return `${whole < 0 || part < 0 ? '-' : ''}${Math.abs(whole)}${fractionOf(Math.abs(part))}s`
  },
}

/** Nanoseconds in three, six or nine digits, none where there are none. */
function fractionOf(nanos: number): string {
  if (nanos === 0) return ''
  const digits = String(nanos).padStart(9, '0')
  return `.${digits.replace(/000000$|000$/, '')}`
}

const value: WellKnown = {
  from(json, at) {
    if (json === null) return { nullValue: 0 }
    switch (typeof json) {
      case 'string':
        return { stringValue: json }
      case 'number':
        return { numberValue: json }
      case 'boolean':
        return { boolValue: json }
      default:
        return Array.isArray(json)
          ? { listValue: list.from(json, at) }
          : { structValue: struct.from(json, at) }
    }
  },
  to(message) {
    if (Object.hasOwn(message, 'structValue')) return struct.to(message['structValue'] as Message)
    if (Object.hasOwn(message, 'listValue')) return list.to(message['listValue'] as Message)
    const simple = ['stringValue', 'numberValue', 'boolValue'].find((name) => Object.hasOwn(message, name))
    return simple === undefined ? null : (message[simple] as Json)
  },
}

const struct: WellKnown = {
  from(json, at) {
    if (!isObject(json)) throw fault('validation', `'${at}' is to be an object.`)
    return {
      fields: Object.fromEntries(Object.entries(json).map(([key, item]) => [key, value.from(item, at)])),
    }
  },
  to({ fields }) {
    return Object.fromEntries<Json>(
      Object.entries((fields ?? {}) as { [key: string]: Message }).map(([key, item]) => [
        key,
        value.to(item),
      ]),
    )
  },
}

const list: WellKnown = {
  from(json, at) {
    if (!Array.isArray(json)) throw fault('validation', `'${at}' is to be a list.`)
    return { values: json.map((item) => value.from(item, at)) }
  },
  to: ({ values }) => ((values ?? []) as Message[]).map((item) => value.to(item)),
}

const fieldMask: WellKnown = {
  from(json, at) {
    if (typeof json !== 'string') throw fault('validation', `'${at}' is to be names, by comma.`)
    const snake = (path: string) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    return { paths: json === '' ? [] : json.split(',').map(snake) }
  },
  to: ({ paths }) =>
    ((paths ?? []) as string[])
      .map((path) => path.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()))
      .join(','),
}

/** Any other message in a message: without its description it stays bytes, beside the name of its type. */
const any: WellKnown = {
  from(json, at) {
    if (!isObject(json)) throw fault('validation', `'${at}' is to be an object with '@type' and 'value'.`)
    return {
      type_url: scalarFromJson('string', json['@type'] ?? '', at),
      value: scalarFromJson('bytes', json['value'] ?? '', at),
    }
  },
  to: ({ type_url: type, value: bytes }) => ({
    '@type': scalarToJson('string', type),
    value: scalarToJson('bytes', bytes),
  }),
}

export const wellKnown: { readonly [fullName: string]: WellKnown } = {
  '.google.protobuf.Timestamp': timestamp,
  '.google.protobuf.Duration': duration,
  '.google.protobuf.Value': value,
  '.google.protobuf.Struct': struct,
  '.google.protobuf.ListValue': list,
  '.google.protobuf.FieldMask': fieldMask,
  '.google.protobuf.Any': any,
  '.google.protobuf.DoubleValue': wrapper('double'),
  '.google.protobuf.FloatValue': wrapper('float'),
  '.google.protobuf.Int64Value': wrapper('int64'),
  '.google.protobuf.UInt64Value': wrapper('uint64'),
  '.google.protobuf.Int32Value': wrapper('int32'),
  '.google.protobuf.UInt32Value': wrapper('uint32'),
  '.google.protobuf.BoolValue': wrapper('bool'),
  '.google.protobuf.StringValue': wrapper('string'),
  '.google.protobuf.BytesValue': wrapper('bytes'),
}
