import type { Database, Statement } from '../database/index.ts'
import { hashOf, newSecret } from './secrets.ts'

export interface SessionRules {
  /** Milliseconds without a request after which a session ends. */
  readonly idle: number
  /** Milliseconds after which it ends in any case. */
  readonly lifetime: number
}

export interface Session {
  readonly hash: string
  readonly subject: string
  /** Milliseconds since 1970: when it ends in any case. */
  readonly expiresAt: number
}

/** How often it is written down that a session is in use: not with each request. */
const seenEvery = 60_000

/** Sessions of people, durable, known to the browser by a secret of which the database has the hash only. */
export class Sessions {
  readonly #database: Database
  readonly #rules: SessionRules
  readonly #now: () => number

  constructor(database: Database, rules: SessionRules, now: () => number) {
    this.#database = database
    this.#rules = rules
    this.#now = now
  }

  /** A new session: what the browser keeps, and the statements that make it. */
  begin(subject: string): { secret: string; statements: Statement[] } {
    const secret = newSecret()
    const now = this.#now()
    const insert = {
      sql: 'INSERT INTO sessions (hash, subject, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?)',
      parameters: [hashOf(secret), subject, now, now, now + this.#rules.lifetime],
    }
    const tidy = {
      sql: 'DELETE FROM sessions WHERE expires_at < ? OR seen_at < ?',
      parameters: [now, now - this.#rules.idle],
    }
    return { secret, statements: [tidy, insert] }
  }

  async find(secret: string): Promise<Session | undefined> {
    const hash = hashOf(secret)
    const [row] = await this.#database.query<{ subject: string; seen_at: number; expires_at: number }>(
      'SELECT subject, seen_at, expires_at FROM sessions WHERE hash = ?',
      [hash],
    )
    const now = this.#now()
    if (!row || row.expires_at <= now || row.seen_at + this.#rules.idle <= now) return undefined
    if (row.seen_at + Math.min(seenEvery, this.#rules.idle / 4) <= now) {
      await this.#database.commit([
        { sql: 'UPDATE sessions SET seen_at = ? WHERE hash = ?', parameters: [now, hash] },
      ])
    }
    return { hash, subject: row.subject, expiresAt: row.expires_at }
  }

  end(hash: string): Statement {
    return { sql: 'DELETE FROM sessions WHERE hash = ?', parameters: [hash] }
  }

  endAllOf(subject: string): Statement {
    return { sql: 'DELETE FROM sessions WHERE subject = ?', parameters: [subject] }
  }
}
