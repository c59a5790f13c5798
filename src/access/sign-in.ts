import type { Database, Statement } from '../database/index.ts'
import { hasCode, SluseError } from '../errors.ts'
import type { AuditedOrigin, AuditLog } from '../history/index.ts'
import { Attempts, networkOf } from './attempts.ts'
import type { OpenIdProvider } from './oidc.ts'
import { hashOf } from './secrets.ts'
import type { User } from './users.ts'

export interface SignInOptions {
  readonly database: Database
  readonly audit: AuditLog
  readonly now: () => number
  readonly provider: OpenIdProvider | undefined
  /** What makes somebody signed in: a session, and what is written with it. */
  readonly signedIn: (user: User, back: ComingBack) => { secret: string; statements: Statement[] }
}

/** What a browser comes back with. */
export interface ComingBack {
  readonly url: URL
  /** What the browser kept. */
  readonly state: string | undefined
  readonly redirectUri: string
  /** The session that the browser has: another one takes its place. */
  readonly replaces?: string | undefined
  readonly from: AuditedOrigin
}

/** Where one was on the way to; signed in, or why not. */
export type SignInResult = { readonly returnTo: string } & (
  { /** For the session cookie. */ readonly session: string } | { readonly failed: SluseError }
)

/** A sign-in must come back within this. */
const signInMs = 600_000
/** Whole offices share an address: many may fail before it slows down, and then not by much. */
const failing = { free: 100, window: 900_000, longestPause: 60_000 }
/** So many sign-ins may be under way: each is a row. */
const mostUnderWay = 20_000

/** Signing in at the provider: going there, and coming back once, in the same browser. */
export class SignIns {
  readonly #options: SignInOptions
  readonly #attempts: Attempts

  constructor(options: SignInOptions) {
    this.#options = options
    this.#attempts = new Attempts(failing, options.now)
  }

  async begin(
    redirectUri: string,
    returnTo: string,
    from: AuditedOrigin,
  ): Promise<{ url: string; state: string }> {
    this.#attempts.check(networkOf(from.ip))
    const { database, now } = this.#options
    const { url, signIn } = await this.#provider().begin(redirectUri)
    const at = now()
    await database.commit([
      { sql: 'DELETE FROM sign_ins WHERE created_at < ?', parameters: [at - signInMs] },
      {
        sql: `DELETE FROM sign_ins WHERE hash IN
          (SELECT hash FROM sign_ins ORDER BY created_at DESC LIMIT -1 OFFSET ?)`,
        parameters: [mostUnderWay],
      },
      {
        sql: 'INSERT INTO sign_ins (hash, nonce, verifier, return_to, created_at) VALUES (?, ?, ?, ?, ?)',
        parameters: [hashOf(signIn.state), signIn.nonce, signIn.verifier, returnTo, at],
      },
    ])
    return { url, state: signIn.state }
  }

  async finish(back: ComingBack): Promise<SignInResult> {
    const { database } = this.#options
    const who = networkOf(back.from.ip)
    const row = await this.#begun(back)
    const returnTo = row?.return_to ?? '/'
    try {
      this.#attempts.check(who)
      // In another browser, too late, or a second time; or with the state of another sign-in, which is left alone.
      if (!row || back.state === undefined) throw new SluseError('SLUSE-SIGN-IN-EXPIRED')
      // Once only, however it ends: two that come back with the same code cannot both.
      const once = { sql: 'DELETE FROM sign_ins WHERE hash = ?', parameters: [row.hash], expect: 1 }
      await database.commit([once]).catch((error: unknown) => {
        throw hasCode(error, 'SLUSE-STORE-CHANGED') ? new SluseError('SLUSE-SIGN-IN-EXPIRED') : error
      })
      const { nonce, verifier } = row
      const user = await this.#provider().finish(
        back.url,
        { state: back.state, nonce, verifier },
        back.redirectUri,
      )
      const { secret, statements } = this.#options.signedIn(user, back)
      await database.commit(statements)
      return { session: secret, returnTo }
    } catch (error) {
      if (!(error instanceof SluseError) || !/^SLUSE-(?:SIGN-IN|ATTEMPTS)/.test(error.code)) throw error
      if (error.code !== 'SLUSE-ATTEMPTS') await this.#tell(who, back.from, error)
      return { failed: error, returnTo }
    }
  }

  async #begun({ url, state }: ComingBack): Promise<SignInRow | undefined> {
    if (state === undefined || url.searchParams.get('state') !== state) return undefined
    const { database, now } = this.#options
    const [row] = await database.query<SignInRow>('SELECT * FROM sign_ins WHERE hash = ?', [hashOf(state)])
    return row && row.created_at + signInMs > now() ? row : undefined
  }

  /** Nobody knows who it was; but where from, and how often, the audit log is to tell, within bounds. */
  async #tell(who: string, from: AuditedOrigin, { code, detail }: SluseError): Promise<void> {
    const failed = this.#attempts.failed(who)
    await this.#options.audit.write({
      who: { subject: 'nobody' },
      action: 'sign-in',
      resource: 'sign-in',
      outcome: code === 'SLUSE-SIGN-IN-PROVIDER' ? 'failed' : 'refused',
      from,
      details: { code, ...(detail !== '' && { detail }), ...(failed !== undefined && { attempts: failed }) },
    })
  }

  #provider(): OpenIdProvider {
    const { provider } = this.#options
    if (provider) return provider
    throw new SluseError('SLUSE-SIGN-IN-FAILED', 'There is no OpenID provider here.')
  }
}

type SignInRow = { hash: string; nonce: string; verifier: string; return_to: string; created_at: number }
