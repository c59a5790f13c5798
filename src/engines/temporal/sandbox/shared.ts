/**
 * Set once for each thread of a worker, with what all runs share (`scripts/bundle-workflows.mjs`). Temporal's libraries
 * note where every promise was made, for a question that nobody asks of us: a third of what a step costs in the sandbox.
 */
Error.stackTraceLimit = 0
