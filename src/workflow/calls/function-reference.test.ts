import { expect, test } from 'vitest'
import { catalogedUri, parseFunctionReference, rawUri } from './function-reference.ts'

const raw = 'https://raw.githubusercontent.com'

test.each([
  ['https://github.com/o/r/tree/main/functions/log', `${raw}/o/r/refs/heads/main/functions/log`],
  ['https://github.com/o/r/blob/v1.2.0/f.yaml', `${raw}/o/r/refs/tags/v1.2.0/f.yaml`],
  [`https://github.com/o/r/tree/${'a'.repeat(40)}/f`, `${raw}/o/r/${'a'.repeat(40)}/f`],
  ['https://github.com/o/r', `${raw}/o/r/HEAD`],
  ['https://gitlab.com/group/sub/r/-/tree/main/f', 'https://gitlab.com/group/sub/r/-/raw/main/f'],
  ['https://gitlab.andeby.dk/g/r/-/blob/main/f.yaml', 'https://gitlab.andeby.dk/g/r/-/raw/main/f.yaml'],
  [`${raw}/o/r/main/f.yaml`, `${raw}/o/r/main/f.yaml`],
  ['https://example.org/tree/main', 'https://example.org/tree/main'],
])('the raw content of %s is at %s', (page, content) => {
  expect(rawUri(page)).toBe(content)
})

test('a function lies in its catalog by name and version', () => {
  expect(catalogedUri('https://github.com/serverlessworkflow/catalog/tree/main/', 'log', '1.0.0')).toBe(
    `${raw}/serverlessworkflow/catalog/refs/heads/main/functions/log/1.0.0/function.yaml`,
  )
  expect(catalogedUri('file:///srv/catalog', 'log', '1.0.0')).toBe(
    'file:///srv/catalog/functions/log/1.0.0/function.yaml',
  )
})

test.each([
  ['getPet', { kind: 'inline', name: 'getPet' }],
  ['log:0.5.2@global', { kind: 'cataloged', name: 'log', version: '0.5.2', catalog: 'global' }],
  ['https://example.org/f.yaml', { kind: 'address', uri: 'https://example.org/f.yaml' }],
  [
    'https://github.com/myorg/functions/validateEmailAddress@v1.0.0',
    { kind: 'address', uri: `${raw}/myorg/functions/refs/tags/v1.0.0/validateEmailAddress/function.yaml` },
  ],
])('%s names %j', (call, reference) => {
  expect(parseFunctionReference(call)).toEqual(reference)
})
