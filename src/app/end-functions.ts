import type { Functions } from '../functions/index.ts'
import type { ActivityRunner, Engine } from '../engines/index.ts'

/** Ends the processes of functions with the run that called them; those of a run that only waits end by themselves. */
export function endingWithRuns(
  activities: ActivityRunner & { readonly functions: Functions },
  engine: () => Pick<Engine, 'outcome'> | undefined,
): ActivityRunner {
  const watched = new Set<string>()
  return (request) => {
    const { kind, runId } = request
    // While it opens, the engine already carries out what a server before this one left.
    const opened = engine()
    if (opened && callers.has(kind) && !watched.has(runId)) {
      watched.add(runId)
      const end = () => {
        watched.delete(runId)
        return activities.functions.endRun(runId)
      }
      opened
        .outcome(runId)
        .then(end, end)
        .catch(() => {})
    }
    return activities(request)
  }
}

/** The kinds of activity that call functions. */
const callers = new Set(['invoke', 'transfer'])
