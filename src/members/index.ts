/**
 * The processes of an installation, for all who must know: each says that it lives, what it can do and how it fares, in
 * one row and with one heartbeat; one that has the installation for itself says nothing. Times are the database's.
 */
export { bury, databaseMembers, lives } from './database-members.ts'
export { Member, type MemberOptions } from './member.ts'
export type { Abilities, KnownMember, LivingMember, MemberStore } from './store.ts'
