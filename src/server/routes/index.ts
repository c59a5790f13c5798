import { accessRoutes } from './access.ts'
import { apiRoutes } from './api.ts'
import { approvalRoutes } from './approvals.ts'
import { auditRoutes } from './audit.ts'
import { connectionRoutes } from './connections.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { eventRoutes } from './events.ts'
import { intakeRoutes } from './intake.ts'
import { liveRoutes } from './live.ts'
import { operationRoutes } from './operation.ts'
import { overviewRoutes } from './overview.ts'
import { pipelineRoutes } from './pipelines.ts'
import { processRoutes } from './processes.ts'
import { runDetailRoutes } from './run-details.ts'
import { runRoutes } from './runs.ts'
import { signInRoutes } from './sign-in.ts'
import { targetRoutes } from './targets.ts'
import { transferRoutes } from './transfers.ts'
import type { Route } from './route.ts'

/** Every resource of the API. */
export const routes: readonly Route[] = [
  pipelineRoutes,
  runRoutes,
  targetRoutes,
  runDetailRoutes,
  overviewRoutes,
  transferRoutes,
  deadLetterRoutes,
  connectionRoutes,
  eventRoutes,
  intakeRoutes,
  liveRoutes,
  operationRoutes,
  processRoutes,
  approvalRoutes,
  signInRoutes,
  accessRoutes,
  auditRoutes,
  apiRoutes,
]
