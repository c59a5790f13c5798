/** `authorize`: what a policy stands for, as `$authorization` has it (dsl.md, "Authorization Descriptor"). */
import type { ActivityFactory } from '../activity.ts'

export const authorize: ActivityFactory = () => ({
  name: 'authorize',
  async run(policy, context) {
    const { scheme, parameter } = await context.http.authorize(policy, context)
    return { scheme, parameter }
  },
})
