import { expect, test } from 'vitest'
import { Cancelled, Scope } from './scope.ts'

test('cancelling a scope cancels what is below it, in the order of listening, once', () => {
  const root = new Scope()
  const heard: string[] = []
  const first = new Scope(root)
  first.onCancel(() => heard.push('first'))
  new Scope(first).onCancel(() => heard.push('below first'))
  root.onCancel(() => heard.push('root'))
  root.cancel(new Cancelled('run-cancelled'))
  root.cancel(new Cancelled('timeout'))
  expect(heard).toEqual(['first', 'below first', 'root'])
  expect(first.reason?.kind).toBe('run-cancelled')
})

test('cancelling a scope leaves what is above and beside it', () => {
  const root = new Scope()
  const [one, other] = [new Scope(root), new Scope(root)]
  one.cancel(new Cancelled('timeout'))
  expect([root.reason, other.reason]).toEqual([undefined, undefined])
})

test('a listener that comes late hears at once, and one that left does not', () => {
  const scope = new Scope()
  const heard: string[] = []
  scope.onCancel(() => heard.push('left'))()
  scope.cancel(new Cancelled('ended'))
  scope.onCancel(() => heard.push('late'))
  expect(heard).toEqual(['late'])
  expect(() => scope.throwIfCancelled()).toThrow(Cancelled)
})

test('a closed scope hears nothing from its parent', () => {
  const root = new Scope()
  const scope = new Scope(root)
  scope.close()
  root.cancel(new Cancelled('ended'))
  expect(scope.reason).toBeUndefined()
})
