/**
 * Approvals: what people are asked, who may decide, until when, and what follows. One gate decides every decision,
 * whatever the way in; a decision, its entry in the audit log and the wake-up of the run are one transaction.
 */
export { openApprovals, type Approvals, type ApprovalView, type Decision } from './approvals.ts'
export type { Delegation } from './delegations.ts'
export type { MarkdownNode } from './markdown.ts'
export { emailChannel } from './notify/email.ts'
export { openOutbox, type Channel } from './notify/outbox.ts'
export { webhookChannel } from './notify/webhook.ts'
export { peopleOf, type People } from './request.ts'
export { asked, type ApprovalStatus } from './state.ts'
export type { Approval, ApprovalEvent } from './store.ts'
export { contentOf, type Datasets } from './view.ts'
