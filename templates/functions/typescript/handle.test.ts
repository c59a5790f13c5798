import assert from 'node:assert/strict'
import { test } from 'node:test'
import handle from './handle.ts'

test('greets by name', () => {
  assert.deepEqual(handle({ name: 'Åse' }), { name: 'Åse', message: 'Goddag, Åse.' })
})

test('greets each of many', () => {
  assert.deepEqual(handle({ names: ['Bo'] }), [{ name: 'Bo', message: 'Goddag, Bo.' }])
})

test('refuses a record without a name', () => {
  assert.deepEqual(handle({}), { error: 'The record has no name.' })
})
