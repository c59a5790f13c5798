/**
 * `container`: a container of a Docker-compatible engine, such as Docker or Podman (dsl-reference.md, "Container
 * Process"), spoken to by the Docker Engine API.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { maskFor } from '../../http/index.ts'
import { fault, problemOf, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityFactory, ActivityOptions } from '../activity.ts'
import { objectInput } from '../input.ts'
import { processLimits, returned, type ProcessResult } from '../../processes/index.ts'
import { cleaner, type Cleaner } from './cleanup.ts'
import { readContainer, type Container } from './container.ts'
import { createBody } from './create-body.ts'
import { connectEngine, EngineError, type Engine } from './engine.ts'
import { provideImage } from './images.ts'
import { outputOf } from './output.ts'

export const runContainer: ActivityFactory = (options) => {
  let connected: { engine: Engine; cleaner: Cleaner } | undefined
  return {
    name: 'container',
    async run(given, context) {
      const container = await readContainer(objectInput(given, 'container'), options)
      if (!connected) {
        const engine = connectEngine()
        connected = { engine, cleaner: cleaner(engine, options.log) }
      }
      const name = `The container ${container.name ?? `of ${container.image}`}`
      const result = await execute(container, name, context, options, connected)
      return returned(result, container.returns, name, maskFor(context.secrets))
    },
    async close() {
      connected?.cleaner.close()
      await connected?.engine.close()
    },
  }
}

async function execute(
  container: Container,
  name: string,
  context: ActivityContext,
  options: ActivityOptions,
  { engine, cleaner }: { engine: Engine; cleaner: Cleaner },
): Promise<ProcessResult> {
  const limits = processLimits(options.processes)
  const late = AbortSignal.timeout(limits.timeLimitMs)
  const signal = AbortSignal.any([context.signal, late])
  const over = new AbortController()
  let id: string | undefined
  let ended = false
  try {
    await engine.ping(signal)
    cleaner.sweep()
    const image = await provideImage(engine, container.image, container.pullPolicy, signal)
    // From here on it is there: a cancellation must not leave it unknown, so creating is not interrupted.
    const found = await createOrAdopt(
      engine,
      container,
      createBody(container, image, context, limits),
      context,
    )
    id = found.id
    signal.throwIfAborted()
    if (!found.started) {
      const input = container.stdin === '' ? undefined : await engine.attachInput(id, signal)
      await engine.start(id, signal)
      input?.end(container.stdin)
      over.signal.addEventListener('abort', () => input?.destroy())
    }
    const [code, output] = await Promise.all([
      engine.wait(id, signal),
      engine
        .logs(id, signal)
        .then((frames) =>
          outputOf(frames, container.keep, container.maxOutputBytes ?? limits.maxOutputBytes, name),
        ),
    ])
    ended = true
    const { OOMKilled: outOfMemory } = (await engine.inspect(id, signal)).State
    if (outOfMemory)
      throw fault(
        'runtime',
        `${name} used more memory than the ${container.memoryBytes ?? limits.memoryBytes} bytes allowed.`,
        { exceeded: 'memory' },
      )
    return { code, ...output }
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason
    if (late.aborted) {
      throw fault(
        'timeout',
        `${name} took longer than the ${limits.timeLimitMs / 1000} seconds allowed, and was stopped.`,
      )
    }
    if (problemOf(error)) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw fault(
      'runtime',
      `${name}: ${error instanceof EngineError ? why : `the container engine failed: ${why}`}`,
    )
  } finally {
    over.abort()
    if (id !== undefined) {
      if (!ended) await engine.stop(id, limits.graceMs)
      await cleaner.ended(id, container.cleanup)
    }
  }
}

/**
 * The container of this name. One that is there already was started by an earlier attempt at the same effect,
 * before a crash: then its end and its output are this attempt's, too. But input that may have been cut short
 * cannot be given again, so such a one starts anew. A container of anybody else is left alone.
 */
async function createOrAdopt(
  engine: Engine,
  container: Container,
  body: JsonObject,
  context: ActivityContext,
): Promise<{ id: string; started: boolean }> {
  const bounded = () => AbortSignal.timeout(60_000)
  for (let attempt = 0; ; attempt += 1) {
    const id = await engine.create(container.name, body, bounded())
    if (id !== undefined) return { id, started: false }
    const there = await engine.inspect(container.name as string, bounded())
    if (there.Config.Labels?.['io.sluse.effect'] !== context.idempotencyKey) {
      throw fault(
        'runtime',
        `There is already a container named ${container.name}: remove it, or give this one a name of its own.`,
      )
    }
    const started = there.State.Status !== 'created'
    if (!started || container.stdin === '') return { id: there.Id, started }
    if (attempt === 3)
      throw fault('runtime', `The container ${container.name} of an earlier attempt does not go away.`)
    await engine.remove(there.Id)
    await delay(100 * attempt)
  }
}
