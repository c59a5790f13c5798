/** The peer of bench/temporal.ts: what one would write by hand for the same effects, one after the other. */
import { proxyActivities } from '@temporalio/workflow'

const { step } = proxyActivities<{ step(input: { n: number }): Promise<{ n: number }> }>({
  startToCloseTimeout: 60_000,
})

export async function bare(steps: number): Promise<{ n: number }> {
  let value = { n: 0 }
  for (let index = 0; index < steps; index++) value = await step(value)
  return value
}
