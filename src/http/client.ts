import type { Json } from '../workflow/index.ts'

/** The one way out over HTTP: pooled, bounded, guarded and authenticated. Shared by all that call out. */
export interface HttpClient {
  /**
   * Sends a request and reads the answer. Resolves for a success status only (200-299, with `redirect` also a
   * 3xx that is left over); else throws a `communication` fault with the status, or an `authentication` one
   * where credentials could not be obtained. Rejects at once when `signal` aborts.
   */
  send(request: HttpRequest, access: Access): Promise<HttpResponse>

  /** What a policy stands for: the parts of an `Authorization` header. For protocols that carry it themselves. */
  authorize(policy: Json, access: Access, target?: { method: string; uri: string }): Promise<Authorization>

  close(): Promise<void>
}

/** Makes a call to the system at `uri` under that system's policies: given by whoever has some. */
export type UnderPolicies = <T>(
  uri: string,
  call: { readonly repeatable: () => boolean; readonly signal: AbortSignal },
  operation: (signal: AbortSignal) => Promise<T>,
) => Promise<T>

/** On whose behalf: which secrets a policy may name, and how long it may go on. */
export interface Access {
  readonly secrets: { readonly [name: string]: Json }
  readonly signal: AbortSignal
}

/** `{ scheme: 'Bearer', parameter: 'ey...' }` is the header `Authorization: Bearer ey...`. */
export interface Authorization {
  scheme: string
  parameter: string
}

export interface HttpRequest {
  readonly method: string
  readonly uri: string
  readonly headers?: { readonly [name: string]: string | readonly string[] }
  readonly body?: string | Uint8Array
  /** An authentication policy of the specification, inline: `{ basic: {...} }`, `{ oauth2: {...} }`, ... */
  readonly authentication?: Json
  /** Further values that are secret: never shown, never sent on to another origin. */
  readonly hidden?: readonly string[]
  /** Follow redirects (at most 10), and take a 3xx that is left over as success. Default false. */
  readonly redirect?: boolean
  /** Most bytes of the answer's body. Default: the client's `maxResponseBytes`. */
  readonly maxBytes?: number
  /** Write the answer's body to this file (absolute) instead of memory. Its folder must exist. */
  readonly saveTo?: string
  /**
   * Given the successful answer's body as it comes, in place of its being kept: `maxBytes` does not bound it, and
   * neither silence nor `totalTimeoutMs` ends it, only its own end or `signal`.
   */
  readonly onChunk?: (chunk: Uint8Array, headers: HttpResponse['headers']) => void
  /** Resolve with any status, or with these too, instead of throwing a fault for an unsuccessful one. */
  readonly anyStatus?: boolean | readonly number[]
}

export interface HttpResponse {
  readonly status: number
  readonly statusText: string
  /** Lower-case names; a header that came more than once is joined with `, `. */
  readonly headers: { readonly [name: string]: string }
  /** What was sent last, without credentials: after redirects that may be another address. */
  readonly request: { method: string; uri: string; headers: { [name: string]: string } }
  /** The whole body; empty where it went to `saveTo`. */
  readonly body: Uint8Array
  /** Bytes of the body, wherever it went. */
  readonly bytes: number
}

export interface HttpSettings {
  /** Longest wait for a connection, in milliseconds. Default 10 s. */
  readonly connectTimeoutMs?: number
  /** Longest wait for the answer's headers. Default 60 s. */
  readonly headersTimeoutMs?: number
  /** Longest silence within the answer's body. Default 60 s. */
  readonly bodyTimeoutMs?: number
  /** Longest time for one request in all, redirects and authentication included. Default 5 min. */
  readonly totalTimeoutMs?: number
  /** Most bytes of an answer that is held in memory. Default 10 MB. */
  readonly maxResponseBytes?: number
  /** Most bytes of an answer that is written to a file. Default 10 GB. */
  readonly maxFileBytes?: number
  /** Connections kept open to one origin. Default 32. */
  readonly connectionsPerOrigin?: number
  /** Only these hosts may be called: `api.example.dk`, `*.example.dk`, `10.0.0.0/8`. Default: any. */
  readonly allowedHosts?: readonly string[]
  /** These hosts may never be called; wins over `allowedHosts`. */
  readonly deniedHosts?: readonly string[]
  /** Refuse loopback, private, link-local and other special addresses, whatever name leads to them. Default false. */
  readonly denyPrivateAddresses?: boolean
  /** Proxies: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` of this. Default: the process's environment. */
  readonly environment?: { readonly [name: string]: string | undefined }
  /** Certificates for mutual TLS, by host (exact or `*.example.dk`); PEM text. */
  readonly clientCertificates?: readonly ClientCertificate[]
  /** Further trusted certificate authorities, PEM text. Verification itself cannot be turned off. */
  readonly trustedAuthorities?: readonly string[]
  /** Send `Idempotency-Key` with methods that are not idempotent. Default true. */
  readonly sendIdempotencyKey?: boolean
}

export interface ClientCertificate {
  readonly host: string
  readonly certificate: string
  readonly key: string
  readonly passphrase?: string
}
