import type { Hmac } from 'node:crypto'
import type { HttpClient } from '../http/index.ts'
import type { Json, JsonObject, Problem } from '../workflow/index.ts'

/**
 * A type of system that data comes from or goes to, declared once: documentation, validation, editor schema, console
 * form and `connections check` all come from this. One folder of `connectors/` exports one; adding one is that folder
 * plus one line in `index.ts`.
 */
export interface Connector {
  /** Dapr's type name where Dapr has one (`bindings.aws.s3`, `bindings.smtp`), else in its manner (`bindings.sftp`). */
  readonly type: string
  /** For people, one sentence. */
  readonly about: string
  /** The keys of `spec.metadata`, by Dapr's own names wherever Dapr has them. */
  readonly metadata: { readonly [key: string]: MetadataField }
  /**
   * Keys that are not declared are for another program, which checks them and has their secrets: they are taken as they
   * are, and their secrets are not looked up here.
   */
  readonly anyMetadata?: boolean
  /** JSON Schema (2020-12) of what `from` has beside `connection`; absent where it is no source. */
  readonly sourceOptions?: JsonObject
  /** JSON Schema of what a target of `to` has beside `connection`, `mode` and `key`; absent where it is no target. */
  readonly targetOptions?: JsonObject
  readonly targetModes?: readonly TargetMode[]
  /** Opens nothing yet that costs: the first use does. Throws a `configuration` fault where metadata don't fit together. */
  open(connection: ConnectionSettings, host: ConnectorHost): OpenConnection
}

export interface MetadataField {
  readonly about: string
  readonly type: 'text' | 'number' | 'boolean' | 'duration' | 'bytes' | 'jq'
  readonly required?: boolean
  readonly default?: string | number | boolean
  readonly choices?: readonly string[]
  /** Only by `secretKeyRef`; never shown, logged or stored. */
  readonly secret?: boolean
}

/**
 * A user's instance of a connector, its metadata checked against the declaration, defaults and secrets filled in.
 * A `duration` is milliseconds, `bytes` is a number.
 */
export interface ConnectionSettings {
  readonly name: string
  readonly type: string
  readonly metadata: { readonly [key: string]: string | number | boolean }
  /** Of a Dapr `HTTPEndpoint`: what every request carries. Values may be secret. */
  readonly headers: { readonly [name: string]: string }
  /** Of a Dapr `HTTPEndpoint`: PEM texts. */
  readonly clientTls: {
    readonly rootCA?: string
    readonly certificate?: string
    readonly privateKey?: string
  }
}

/** What a connector may use of this process. */
export interface ConnectorHost {
  /** For every HTTP request: bounded, and guarded by the connection's policies already. */
  readonly http: HttpClient
  /**
   * Runs one operation on the connection's system under its policies: timeout, retry where repeatable, breaker,
   * limits. May throw `Postponed`: let it through, what is under way is put off until then.
   */
  guarded<T>(
    operation: (signal: AbortSignal) => Promise<T>,
    call: { repeatable: boolean; signal: AbortSignal },
  ): Promise<T>
  /** Variables of this process: where a program beside it, such as a Dapr sidecar, is. */
  readonly environment: { readonly [name: string]: string | undefined }
  /** Absolute; relative paths of a connection are in it. */
  readonly projectFolder: string
  /** Absolute; for temporary files and what is received. */
  readonly dataFolder: string
  /** Milliseconds since 1970, UTC. */
  now(): number
  log(level: 'info' | 'warn' | 'error', message: string, data?: JsonObject): void
}

export interface OpenConnection {
  /** Whether it works, and why not, in a sentence for an operator; touches no data. Throws a fault where it doesn't. */
  check(signal: AbortSignal): Promise<string>
  /** Options are valid against `sourceOptions`. */
  source?(options: JsonObject): Source
  /** Options are valid against `targetOptions`. */
  target?(options: JsonObject): Target
  /** Takes what the system pushes to `POST /in/<connection>`. */
  readonly intake?: PushIntake
  close(): Promise<void>
}

/** The receiving side of a connection whose system pushes over HTTP; the server gives it what came. */
export interface PushIntake {
  /** The largest body that is taken. */
  readonly maxBytes: number
  /** What the raw bytes of the body go through, where they are signed. */
  readonly hash: (() => Hmac) | undefined
  /** Throws an `authentication` fault where the sender is not known; nothing has been read of the parts then. */
  take(request: {
    /** Lower-case names. */
    readonly headers: { readonly [name: string]: string }
    readonly digest: Uint8Array | undefined
    /** The body, or the files of a multipart one; on this machine until the batches have ended. */
    readonly parts: readonly { readonly name: string; readonly contentType: string; readonly file: string }[]
    readonly signal: AbortSignal
  }): Promise<{ readonly key?: string; readonly batches: AsyncIterable<SourceBatch> }>
}

/** Where data comes from. */
export interface Source {
  /**
   * Batches in order, from after `position` (`null`: from the start). Ends when there is no more. What cannot be
   * read as a record, though what follows it can, is among `bad`; anything worse is a thrown fault: the read is then
   * incomplete, and goes on from the last position another time.
   * Memory is bounded by a batch, whatever the size of the source. Ends soon after `signal` aborts.
   */
  read(request: ReadRequest): AsyncIterable<SourceBatch>

  /**
   * Everything up to `position`, the last of a complete read, is durable on our side: acknowledge messages, move or
   * mark files. May be asked more than once for the same position.
   */
  confirm?(position: Json, signal: AbortSignal): Promise<void>
}

export interface ReadRequest {
  /** Of the batch after which to go on within this read; `null` at its start. */
  readonly position: Json
  /** The last position of the last complete read by the same transfer, for sources that are read incrementally. */
  readonly since: Json
  /** Most records of a batch. */
  readonly batchSize: number
  readonly signal: AbortSignal
}

/** Either `records`, or `lines` where the source is such lines already: then nobody parses them twice. */
export type SourceBatch = BatchCommon & (ReadRecords | ReadLines)

export interface ReadRecords {
  readonly records: readonly Json[]
  readonly lines?: undefined
}

export interface ReadLines {
  readonly records?: undefined
  /**
   * Newline-delimited JSON, not parsed yet, every line ended by a newline, none of them empty. A line that is no JSON
   * becomes a bad record. Its memory belongs to the receiver.
   */
  readonly lines: Uint8Array
  /** How many lines there are. */
  readonly count: number
}

interface BatchCommon {
  /** Where record (or line) `index` came from, for people: `betalinger.csv:17`, `page 3, item 4`. */
  origin(index: number): string
  readonly bad: readonly BadRecord[]
  /** By which a read goes on after this batch; small. */
  readonly position: Json
  /** Of the whole source, where it is known: for progress. */
  readonly progress?: { readonly done: number; readonly total: number; readonly unit: 'bytes' | 'records' }
}

export interface BadRecord {
  /** As it stood, cut to 64 kB. */
  readonly raw: string
  readonly origin: string
  readonly problem: Problem
}

export type TargetMode = 'append' | 'upsert' | 'replace'

/** Where data goes. */
export interface Target {
  begin(request: DeliveryRequest): Promise<Delivery>
}

export interface DeliveryRequest {
  readonly mode: TargetMode
  /** Members of a record that together are its key: for `upsert`. */
  readonly key: readonly string[]
  /** The same for every attempt at this delivery, and for no other. */
  readonly deliveryId: string
  /**
   * What the last checkpointed `write` gave as `state`: go on from just there, undoing what came after it where the
   * target can. `null`: from the beginning.
   */
  readonly state: Json
  /** How many records of a batch may be under way at the same time; 1: one after the other, in order. */
  readonly concurrency: number
  readonly signal: AbortSignal
}

/** One delivery to one target: `write` again and again, one at a time, then `finish` or `abort`. */
export interface Delivery {
  /**
   * False where an interrupted delivery begins anew with the first record (all in one transaction, a file swapped in
   * at the end). True where it goes on from the last checkpoint.
   */
  readonly resumable: boolean

  /**
   * Whether several deliveries of the same `deliveryId`, also of other processes, may write at the same time, each some of
   * the records, in any order: with `order: any` they do. What was not known to be written comes again, perhaps much of
   * it, so only where a record that is written twice is there once, or is told by its receiver: by a key, or an idempotency
   * key. `finish` is then asked of each, and each `state` is null. Default: no.
   */
  readonly parallel?: boolean

  /** Where a new delivery stands before its first `write`, if that says something: kept before anything is written. */
  readonly state?: Json

  /**
   * Resolves once the batch is durable at the target; where there is `flush`, or the delivery is not `resumable`, once
   * it is taken. A record that the target refuses has a problem of its own and the others are delivered; a fault that is not about
   * single records is thrown, and the whole batch comes again.
   */
  write(batch: RecordBatch, signal: AbortSignal): Promise<WriteResult>

  /** Makes durable what was written, many batches at once: asked before every checkpoint. */
  flush?(signal: AbortSignal): Promise<void>

  /** All is written: make it visible (commit, rename, swap). Must bear being asked twice. */
  finish(signal: AbortSignal): Promise<void>

  /** Nothing of a delivery that is not `resumable` becomes visible; lets go of what is held. */
  abort(): Promise<void>
}

export interface WriteResult {
  /** Only those that were refused. */
  readonly refused: readonly { readonly index: number; readonly problem: Problem }[]
  /** Kept with the checkpoint, small; comes back in `DeliveryRequest.state`. */
  readonly state: Json
}

/** Records in order. Each form is made on first use: a target that writes lines never pays for parsing. */
export interface RecordBatch {
  readonly size: number
  /** The number of the first record within the dataset, from 0. */
  readonly first: number
  values(): readonly Json[]
  /** Newline-delimited JSON, UTF-8, every line ended by a newline. */
  lines(): Uint8Array
  /** Idempotency key of record `index`: the same on every attempt. */
  idempotencyKey(index: number): string
}
