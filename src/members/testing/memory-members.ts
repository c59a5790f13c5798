import type { Identity, KnownMember, MemberStore, Said } from '../store.ts'

interface Row extends Said {
  readonly member: Identity
  life: string | undefined
  seenAt: number
  until: number
}

/** In memory, by a clock that a test gives; each turn to it goes through `way`, which may take its time or fail. */
export class MemoryMembers implements MemberStore {
  readonly #rows = new Map<string, Row>()
  readonly #now: () => number
  readonly #way: () => Promise<void>
  readonly #tell: () => void
  readonly #listen: (listener: () => void) => () => void

  constructor(parts: {
    readonly now: () => number
    readonly way: () => Promise<void>
    readonly tell: () => void
    readonly listen: (listener: () => void) => () => void
  }) {
    this.#now = parts.now
    this.#way = parts.way
    this.#tell = parts.tell
    this.#listen = parts.listen
  }

  async join(member: Identity, life: string, said: Said, ms: number): Promise<void> {
    await this.#way()
    this.#rows.set(member.id, { member, life, ...said, seenAt: this.#now(), until: this.#now() + ms })
    this.#tell()
  }

  async renew(life: string, said: Said, ms: number, news: boolean): Promise<boolean> {
    await this.#way()
    this.bury()
    const row = [...this.#rows.values()].find((each) => each.life === life)
    if (row) this.#rows.set(row.member.id, { ...row, ...said, seenAt: this.#now(), until: this.#now() + ms })
    if (row && news) this.#tell()
    return row !== undefined
  }

  async leave(id: string): Promise<void> {
    await this.#way()
    this.#rows.delete(id)
    this.#tell()
  }

  async living() {
    await this.#way()
    this.bury()
    return [...this.#rows.values()].flatMap(({ member: { id, name }, life, abilities }) =>
      life === undefined ? [] : [{ id, name, life, abilities }],
    )
  }

  async all(): Promise<KnownMember[]> {
    await this.#way()
    this.bury()
    return [...this.#rows.values()].map(({ member, life, abilities, report, seenAt }) => ({
      ...{ ...member, abilities, report, seenAt },
      lives: life !== undefined,
    }))
  }

  onNews(listener: () => void): () => void {
    return this.#listen(listener)
  }

  /** What is over is over. */
  bury(): void {
    for (const row of this.#rows.values()) if (row.until <= this.#now()) row.life = undefined
  }

  get lives(): Set<string> {
    return new Set([...this.#rows.values()].flatMap(({ life }) => (life === undefined ? [] : [life])))
  }
}
