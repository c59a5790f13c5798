import { randomBytes } from 'node:crypto'
import type { Database, Statement } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import { grantText, within, type Grant } from './grants.ts'
import { hashOf, newSecret, sameHash } from './secrets.ts'

/** What is known of a key; the key itself is told once, when it is made. */
export interface ApiKey {
  /** The part that is shown: `sluse_<id>_…`. */
  readonly id: string
  readonly name: string
  /** Whose it is: their subject. Absent: a machine's. */
  readonly owner?: string
  readonly grants: readonly Grant[]
  readonly createdBy: string
  /** Milliseconds since 1970, UTC, as all times here. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly usedAt?: number
  readonly revokedAt?: number
  readonly revokedBy?: string
}

export interface NewKey {
  readonly name: string
  readonly grants: readonly Grant[]
  readonly owner?: string
  /** Milliseconds that it is valid; at most `longest`. */
  readonly lifetime?: number
}

export const usualLifetime = 90 * 86_400_000
export const longestLifetime = 366 * 86_400_000

const usedEvery = 3_600_000
const keyPattern = /^sluse_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/

/** The part of a key that is shown, where it is written as one. */
export function keyIdOf(secret: string): string | undefined {
  return keyPattern.exec(secret)?.[1]
}

/** Keys by which machines, and people on the command line, show who they are. */
export class Keys {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number) {
    this.#database = database
    this.#now = now
  }

  /**
   * A new key, with the statement that makes it. Throws `SLUSE-KEY` where it would give more than `own`, or would
   * be valid too long.
   */
  create(
    key: NewKey,
    by: string,
    own: readonly Grant[],
  ): { key: ApiKey; secret: string; statement: Statement } {
    const { lifetime = usualLifetime } = key
    if (lifetime <= 0 || lifetime > longestLifetime)
      throw new SluseError('SLUSE-KEY', 'It may last 1 to 366 days.')
    if (key.grants.length === 0) throw new SluseError('SLUSE-KEY', 'It has no role.')
    if (!within(key.grants, own)) {
      throw new SluseError('SLUSE-KEY', `You do not have all of ${key.grants.map(grantText).join(', ')}.`)
    }
    const id = [...randomBytes(12)].map((byte) => (byte % 36).toString(36)).join('')
    const secret = newSecret()
    const now = this.#now()
    const made: ApiKey = {
      id,
      name: key.name,
      ...(key.owner !== undefined && { owner: key.owner }),
      grants: key.grants,
      createdBy: by,
      createdAt: now,
      expiresAt: now + lifetime,
    }
    const statement = {
      sql: `INSERT INTO api_keys (id, name, hash, owner, grants, created_by, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      parameters: [
        id,
        key.name,
        hashOf(secret),
        key.owner ?? null,
        JSON.stringify(key.grants),
        by,
        now,
        made.expiresAt,
      ],
    }
    return { key: made, secret: `sluse_${id}_${secret}`, statement }
  }

  /** The key that `secret` is, where it is valid now. */
  async verify(secret: string): Promise<ApiKey | undefined> {
    const [, id = '', rest = ''] = keyPattern.exec(secret) ?? []
    const [row] = await this.#database.query<KeyRow>('SELECT * FROM api_keys WHERE id = ?', [id])
    const now = this.#now()
    if (!row || !sameHash(row.hash, hashOf(rest))) return undefined
    if (row.revoked_at !== null || row.expires_at <= now) return undefined
    if ((row.used_at ?? 0) + usedEvery <= now) {
      await this.#database.commit([
        { sql: 'UPDATE api_keys SET used_at = ? WHERE id = ?', parameters: [now, id] },
      ])
    }
    return keyOf(row)
  }

  /** Newest first; those of `owner` only, where it is given. */
  async list(owner?: string): Promise<ApiKey[]> {
    const rows = await this.#database.query<KeyRow>(
      `SELECT * FROM api_keys ${owner === undefined ? '' : 'WHERE owner = ?'} ORDER BY created_at DESC LIMIT 1000`,
      owner === undefined ? [] : [owner],
    )
    return rows.map(keyOf)
  }

  /** Throws `SLUSE-KEY-NOT-FOUND`. */
  async get(id: string): Promise<ApiKey> {
    const [row] = await this.#database.query<KeyRow>('SELECT * FROM api_keys WHERE id = ?', [id])
    if (!row) throw new SluseError('SLUSE-KEY-NOT-FOUND', `(${id})`)
    return keyOf(row)
  }

  revoke(id: string, by: string): Statement {
    return {
      sql: 'UPDATE api_keys SET revoked_at = ?, revoked_by = ? WHERE id = ? AND revoked_at IS NULL',
      parameters: [this.#now(), by, id],
    }
  }
}

type KeyRow = {
  id: string
  name: string
  hash: string
  owner: string | null
  grants: string
  created_by: string
  created_at: number
  expires_at: number
  used_at: number | null
  revoked_at: number | null
  revoked_by: string | null
}

function keyOf(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    ...(row.owner !== null && { owner: row.owner }),
    grants: JSON.parse(row.grants) as Grant[],
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.used_at !== null && { usedAt: row.used_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
    ...(row.revoked_by !== null && { revokedBy: row.revoked_by }),
  }
}
