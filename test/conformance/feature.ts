import { test } from 'vitest'
import type { Feature } from './features.ts'

/**
 * A test that shows rules of the specification: `feature('flow.end', 'end leaves every list', async () => ...)`.
 * Its name carries their ids, from which the conformance page is made.
 */
export function feature(
  ids: Feature | readonly Feature[],
  fact: string,
  show: () => Promise<void> | void,
): void {
  test(`${tags(ids)} ${fact}`, show)
}

feature.skipIf =
  (skip: boolean) =>
  (ids: Feature | readonly Feature[], fact: string, show: () => Promise<void> | void): void =>
    test.skipIf(skip)(`${tags(ids)} ${fact}`, show)

const tags = (ids: Feature | readonly Feature[]) =>
  [ids]
    .flat()
    .map((id) => `[${id}]`)
    .join('')
