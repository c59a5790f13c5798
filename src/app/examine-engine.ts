import { packageVersion, type Settings } from '../config/index.ts'
import { examineTemporal, type TemporalServerSettings } from '../engines/index.ts'
import { checkEngine, keyOf, serverOf } from './open-engine.ts'

/** One thing that was looked at: whether it is as it must be, and else what to do. */
export interface EngineFinding {
  readonly name: 'engine' | 'temporal' | 'workers'
  readonly state: 'good' | 'note' | 'bad'
  readonly message: string
}

/** Looks at what carries runs out. Nothing is started, and nothing is written. */
export async function examineEngine(settings: Settings): Promise<readonly EngineFinding[]> {
  let server: TemporalServerSettings
  try {
    checkEngine(settings)
    if (settings.engine !== 'temporal') {
      return [{ name: 'engine', state: 'good', message: 'It is embedded: one process carries out all runs.' }]
    }
    keyOf(settings)
    server = await serverOf(settings)
  } catch (error) {
    return [{ name: 'engine', state: 'bad', message: (error as Error).message }]
  }
  const engine = {
    name: 'engine',
    state: 'good',
    message: 'It is Temporal, and all it needs is set.',
  } as const
  try {
    const { version, retentionMs, workers, stranded } = await examineTemporal(server)
    const kept = retentionMs === undefined ? '' : ` Ended workflows are kept for ${daysOf(retentionMs)}.`
    const { address, namespace, taskQueue } = server
    return [
      engine,
      {
        name: 'temporal',
        state: 'good',
        message: `Temporal ${version} at ${address} has the namespace ${namespace}.${kept}`,
      },
      workersOf(taskQueue, workers),
      ...(stranded === 0 ? [] : [strandedOf(stranded)]),
    ]
  } catch (error) {
    return [engine, { name: 'temporal', state: 'bad', message: (error as Error).message }]
  }
}

function workersOf(
  taskQueue: string,
  workers: readonly { readonly build: string | undefined }[],
): EngineFinding {
  if (workers.length === 0) {
    const message = `Nobody takes work from the queue ${taskQueue}, so no run goes on: \`sluse serve --role worker\`.`
    return { name: 'workers', state: 'note', message }
  }
  const versions = [...new Set(workers.map(({ build }) => build?.split('+')[0] ?? 'unknown'))].sort()
  const others = versions.filter((version) => version !== packageVersion() && version !== 'unknown')
  const found = `${workers.length} take work from the queue ${taskQueue}, of version ${versions.join(', ')}`
  if (others.length === 0) return { name: 'workers', state: 'good', message: `${found}.` }
  const message = `${found}; this is ${packageVersion()}. Where no upgrade is under way, stop those of ${others.join(', ')}.`
  return { name: 'workers', state: 'note', message }
}

function strandedOf(runs: number): EngineFinding {
  const message = `${runs} runs are of versions that have no worker. Whoever leads moves them to the current one: \`sluse_runs_to_move\` and the log say how far that is.`
  return { name: 'workers', state: 'note', message }
}

function daysOf(ms: number): string {
  const days = ms / 86_400_000
  return days >= 1
    ? `${Math.round(days)} ${Math.round(days) === 1 ? 'day' : 'days'}`
    : `${Math.round(days * 24)} hours`
}
