import { expect, test } from 'vitest'
import type { Json } from '../../workflow/index.ts'
import type { Parameter, Style } from './operation.ts'
import { inCookie, inHeader, inPath, inQuery } from './serialize.ts'

const parameter = (
  place: Parameter['in'],
  style: Style,
  explode: boolean,
  more: Partial<Parameter> = {},
): Parameter => ({
  name: 'color',
  in: place,
  required: true,
  style,
  explode,
  allowReserved: false,
  json: false,
  fallback: undefined,
  ...more,
})
const one = 'blue'
const list = ['blue', 'black', 'brown']
const object = { R: 100, G: 200 }

// OpenAPI 3.1.1, section 4.8.12.6, "Style Examples" (RFC 6570).
test.each<[Style, boolean, Json, string]>([
  ['simple', false, one, 'blue'],
  ['simple', false, list, 'blue,black,brown'],
  ['simple', false, object, 'R,100,G,200'],
  ['simple', true, list, 'blue,black,brown'],
  ['simple', true, object, 'R=100,G=200'],
  ['label', false, one, '.blue'],
  ['label', false, list, '.blue,black,brown'],
  ['label', false, object, '.R,100,G,200'],
  ['label', true, list, '.blue.black.brown'],
  ['label', true, object, '.R=100.G=200'],
  ['matrix', false, one, ';color=blue'],
  ['matrix', false, '', ';color'],
  ['matrix', false, list, ';color=blue,black,brown'],
  ['matrix', false, object, ';color=R,100,G,200'],
  ['matrix', true, list, ';color=blue;color=black;color=brown'],
  ['matrix', true, object, ';R=100;G=200'],
])('in a path, %s (explode %s) writes %j as %s', (style, explode, value, expected) => {
  expect(inPath(parameter('path', style, explode), value)).toBe(expected)
})

test.each<[Style, boolean, Json, string]>([
  ['form', false, one, 'color=blue'],
  ['form', false, '', 'color='],
  ['form', false, list, 'color=blue,black,brown'],
  ['form', false, object, 'color=R,100,G,200'],
  ['form', true, list, 'color=blue&color=black&color=brown'],
  ['form', true, object, 'R=100&G=200'],
  ['form', true, [], ''],
  ['spaceDelimited', false, list, 'color=blue%20black%20brown'],
  ['spaceDelimited', false, object, 'color=R%20100%20G%20200'],
  ['pipeDelimited', false, list, 'color=blue%7Cblack%7Cbrown'],
  ['tabDelimited', false, list, 'color=blue%09black%09brown'],
  ['deepObject', true, object, 'color%5BR%5D=100&color%5BG%5D=200'],
])('in the query, %s (explode %s) writes %j as %s', (style, explode, value, expected) => {
  expect(inQuery(parameter('query', style, explode), value).join('&')).toBe(expected)
})

test('what would end a value is encoded, everywhere', () => {
  const value = 'a/b?c&d=e#f g+æ,'
  expect(decodeURIComponent(inPath(parameter('path', 'simple', false), value))).toBe(value)
  expect(inPath(parameter('path', 'simple', false), value)).not.toMatch(/[/?#&]/)
  expect([...new URLSearchParams(inQuery(parameter('query', 'form', true), value)[0])]).toEqual([
    ['color', value],
  ])
})

test('where reserved characters are allowed they stay, but for what would end the value', () => {
  const allowed = parameter('query', 'form', true, { allowReserved: true })
  expect(inQuery(allowed, '/a:b&c#d')).toEqual(['color=/a:b%26c%23d'])
})

test('a parameter that is described as JSON goes as one text', () => {
  const json = { json: true }
  expect(inQuery(parameter('query', 'form', true, json), { a: 1 })).toEqual(['color=%7B%22a%22%3A1%7D'])
  expect(inHeader(parameter('header', 'simple', false, json), { a: 1 })).toBe('{"a":1}')
})

test('a header is not percent-encoded; a cookie is', () => {
  expect(inHeader(parameter('header', 'simple', false), ['a b', 'ø'])).toBe('a b,ø')
  expect(inHeader(parameter('header', 'simple', true), object)).toBe('R=100,G=200')
  expect(inCookie(parameter('cookie', 'form', false), ['a', 'b;c'])).toBe('color=a,b%3Bc')
})

test('a value that its style cannot say is a validation fault', () => {
  expect(() => inQuery(parameter('query', 'form', true), { a: { b: 1 } })).toThrow(/Validation/)
  expect(inQuery(parameter('query', 'deepObject', true), { a: { b: 1 } })).toEqual(['color%5Ba%5D%5Bb%5D=1'])
})
