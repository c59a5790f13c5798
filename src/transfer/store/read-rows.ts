import type { Row, SqlValue } from '../../database/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { DatasetRow, LetterRow, TargetRow, TransferRow, Trouble } from './rows.ts'

/** Rows as the database gives them, as what they say. */

export function transferFrom(row: Row): TransferRow {
  return {
    number: Number(row.number),
    id: String(row.id),
    kind: row.kind as TransferRow['kind'],
    origin: String(row.origin),
    run: text(row.run),
    task: text(row.task),
    namespace: text(row.namespace),
    name: text(row.name),
    source: String(row.source),
    plan: parsed(row.plan) as unknown as TransferRow['plan'],
    dataset: String(row.dataset),
    status: row.status as TransferRow['status'],
    read: Number(row.records_read),
    bad: Number(row.records_bad),
    skipped: Number(row.records_skipped),
    position: parsed(row.position),
    since: parsed(row.since),
    progress:
      row.progress === null ? undefined : (parsed(row.progress) as unknown as TransferRow['progress']),
    confirmed: row.confirmed !== 0,
    trouble: troubleFrom(row),
    error: errorFrom(row),
    startedAt: Number(row.started_at),
    readAt: number(row.read_at),
    endedAt: number(row.ended_at),
  }
}

export function targetFrom(row: Row): TargetRow {
  return {
    transfer: String(row.transfer),
    target: Number(row.target),
    name: String(row.name),
    connection: String(row.connection),
    mode: String(row.mode),
    status: row.status as TargetRow['status'],
    at: { segment: Number(row.segment), offset: Number(row.offset) },
    records: Number(row.records),
    delivered: Number(row.delivered),
    refused: Number(row.refused),
    skipped: Number(row.skipped),
    state: parsed(row.state),
    trouble: troubleFrom(row),
    error: errorFrom(row),
  }
}

export function datasetFrom(row: Row): DatasetRow {
  return {
    id: String(row.id),
    storage: String(row.storage ?? row.id),
    source: String(row.source),
    createdAt: Number(row.created_at),
    extent: {
      records: Number(row.records),
      bytes: Number(row.bytes),
      segment: Number(row.segment),
      offset: Number(row.offset),
    },
    batch: Number(row.batch),
    sealed: row.sealed !== 0,
    personal:
      row.protected === null ? undefined : (parsed(row.protected) as unknown as DatasetRow['personal']),
    expiresAt: number(row.expires_at),
    erasedAt: number(row.erased_at),
  }
}

export function letterFrom(row: Row): LetterRow {
  return {
    number: Number(row.number),
    transfer: String(row.transfer),
    dataset: String(row.dataset),
    target: number(row.target),
    targetName: text(row.target_name),
    step: number(row.step),
    record: number(row.record),
    origin: String(row.origin),
    body: String(row.body),
    problem: parsed(row.problem) as unknown as LetterRow['problem'],
    attempts: Number(row.attempts),
    status: row.status as LetterRow['status'],
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    replay: text(row.replay),
  }
}

function troubleFrom(row: Row): Trouble | undefined {
  if (row.due === null || row.due === undefined) return undefined
  return {
    attempt: Number(row.attempt),
    due: Number(row.due),
    since: Number(row.failing_since),
    problem: errorFrom(row) ?? { type: 'about:blank', status: 500 },
  }
}

function errorFrom(row: Row): TransferRow['error'] {
  return row.error === null ? undefined : (parsed(row.error) as unknown as TransferRow['error'])
}

export function parsed(value: SqlValue | undefined): Json {
  return JSON.parse(String(value)) as Json
}

function number(value: SqlValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function text(value: SqlValue | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}
