/** How far one run may go. A bound that is reached is a fault that names it. */
export const limits = {
  /** Tasks of one run, each pass of a loop counted. */
  tasks: 1_000_000,
  /** Tasks within one another. */
  depth: 500,
  /** After so many tasks without an effect the run yields, so that its engine can breathe and cancel it. */
  tasksWithoutEffect: 1000,
  /** Longest delay before a retry, in milliseconds: 24 hours, whatever the backoff comes to. */
  retryDelay: 86_400_000,
  /** UTF-16 units of a regular expression in an event filter, and of what it is matched against. */
  pattern: 1000,
  subject: 10_000,
  /** Steps of one match of a regular expression that might backtrack far. */
  patternSteps: 100_000,
  /** UTF-16 units up to which a simple regular expression of a schema runs uncounted. */
  simpleSubject: 1000,
} as const
