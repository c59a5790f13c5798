/** Where the processes of an installation know each other from. Rejects where it is away; then nothing is known. */
export interface MemberStore {
  /** The process lives from now on, for `ms`. Of an earlier life of it nothing is left, and it never comes back. */
  join(member: Identity, life: string, said: Said, ms: number): Promise<void>
  /** `false`: that life was over before, and others have taken what it had. `news`: others are to hear of it at once. */
  renew(life: string, said: Said, ms: number, news: boolean): Promise<boolean>
  leave(id: string): Promise<void>
  living(): Promise<readonly LivingMember[]>
  /** Those that died within a day, too; the newest first, at most 500. */
  all(): Promise<readonly KnownMember[]>
  /** Calls `listener` soon after anything was written, by whomever. Returns how to stop. */
  onNews(listener: () => void): () => void
}

/** What a process is from its start to its end. */
export interface Identity {
  readonly id: string
  /** For people, and unlike those of the others: host and process. */
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly role: string
  readonly version: string
  /** Milliseconds since 1970, as are all times. */
  readonly startedAt: number
}

/** What a process says of itself. */
export interface Said {
  readonly abilities: Abilities
  readonly report: Report
}

/** What it does, for others to reckon with. */
export interface Abilities {
  /** It takes jobs of transfers. */
  readonly takesTransfers?: boolean
  /** It carries runs out that belong to this build. */
  readonly carriesOut?: { readonly build: string; readonly taskQueue: string } | undefined
}

/** How it fares: JSON of whoever tells it, by name. */
export interface Report {
  readonly [part: string]: unknown
}

export interface LivingMember {
  readonly id: string
  readonly name: string
  /** What others have given to this one, by this name they know that it is there to have it. */
  readonly life: string
  readonly abilities: Abilities
}

export interface KnownMember extends Identity, Said {
  readonly seenAt: number
  readonly lives: boolean
}
