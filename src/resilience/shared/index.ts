/**
 * What the guards of several processes share: limits hold for all of them together, a pause and a breaker for each of
 * them. Pure decisions (`share-out.ts`, `breaker-state.ts`) about one document a target, in a store that all have.
 */
export { databaseStore } from './database-store.ts'
export { PlaceLost } from './place-lost.ts'
export { Sharing, type SharingOptions } from './sharing.ts'
export type { SharedStore } from './store.ts'
