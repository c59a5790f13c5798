import { expect, test } from 'vitest'
import { spokenProtocols } from '../activities/index.ts'
import { workflowSchema, load } from '../workflow/definition/index.ts'
import { loadOptions } from './supported.ts'

/** Every protocol that the specification names, from the schema that editors get. */
const named = /"amqp",\s*"amqp1"[^\]]*/.exec(JSON.stringify(workflowSchema()))?.[0].match(/\w+/g) ?? []

const codes = (protocol: string) => {
  const call = {
    document: { endpoint: 'https://test.example/a.json' },
    operation: 'send',
    protocol,
    message: {},
  }
  const text = JSON.stringify({
    document: { dsl: '1.0.3', namespace: 'test', name: 'test', version: '1.0.0' },
    do: [{ send: { call: 'asyncapi', with: call } }],
  })
  return load(text, loadOptions).findings.map(({ code, pointer }) => [code, pointer])
}

test('a definition with a protocol that nothing here speaks is refused, and with any other is not', () => {
  expect(named.length).toBeGreaterThan(15)
  for (const protocol of named) {
    const expected = spokenProtocols.includes(protocol)
      ? []
      : [['SLUSE-DEFINITION-UNSUPPORTED', '/do/0/send/with/protocol']]
    expect(codes(protocol)).toEqual(expected)
  }
})
