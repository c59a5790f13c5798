import { proxyActivities, setWorkflowOptions, sleep, workflowInfo } from '@temporalio/workflow'
import type { EffectActivities } from '../protocol.ts'
import { effectOptions } from './options.ts'

const effects = proxyActivities<EffectActivities>(effectOptions)

/** An activity that nobody waits for: to its end, however often it is put off. */
export async function detached(run: number, key: string): Promise<void> {
  for (;;) {
    const performed = await effects.performDetached(run, key)
    if (!('postponed' in performed)) return
    await sleep(Math.max(1, performed.postponed.until - Date.now()))
  }
}

// It is bound to no build: this much must replay in every later version, too (test/histories holds it to that). A worker
// that pins nothing must not speak of it.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  detached,
)
