import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCliRunner } from '../cli-runner.ts'
import { openEngineRunner } from '../engine-runner.ts'
import type { Runner } from '../runner.ts'
import { specification } from '../specification.ts'
import { type Internet, openInternet } from '../../servers/internet/index.ts'
import { httpbin } from '../../servers/web/httpbin.ts'
import { petStore } from '../../servers/web/pet-store.ts'
import { parseFeature, readScenarios } from './scenario.ts'
import { playScenario } from './steps.ts'

/**
 * The specification's own conformance scenarios, from their text as it is, over real HTTP: in this process and
 * through the built program.
 */
const features = new URL('ctk/features/', specification)

describe.skipIf(!existsSync(features))('conformance test kit', () => {
  const scenarios = existsSync(features) ? readScenarios(features) : []

  test('has scenarios', () => expect(scenarios.length).toBeGreaterThan(0))

  describe.each([
    ['in process', openEngineRunner],
    ['through the command line', openCliRunner],
  ])('%s', (_, open) => {
    let internet: Internet
    let runner: Runner
    beforeAll(async () => {
      internet = await openInternet({ 'petstore.swagger.io': petStore(), 'httpbin.org': httpbin() })
      runner = await open(internet)
    })
    afterAll(async () => {
      await runner?.close()
      await internet?.close()
    })

    for (const scenario of scenarios) {
      test(`${scenario.feature}: ${scenario.name}`, () => playScenario(scenario, runner))
    }
  })
})

test('a sentence that no step defines fails its scenario', async () => {
  const [scenario] = parseFeature('Feature: A\n  Scenario: B\n    Given something new\n', 'a.feature')
  const runner: Runner = { name: 'engine', run: () => Promise.reject(new Error()), close: async () => {} }
  await expect(playScenario(scenario!, runner)).rejects.toThrow('something new')
})
