// @ts-check
/**
 * The thread that writes: an fsync here blocks nobody but itself. Plain JavaScript, because Node 20 starts a
 * thread from a file as it lies there, both beside the sources and beside what is built from them.
 *
 * In: `{ id, statements }` (one transaction) or `{ id, checkpoint: true }` or `{ close: true }`.
 * Out: `{ id }` once durable, or `{ id, error: { code, message } }` with nothing written.
 */
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'libsql'

/** @typedef {{ last: string, text: string }} Chain */
/** @typedef {{ sql: string, parameters?: readonly (string | number | null)[], expect?: number, chain?: Chain }} Statement */
/** @typedef {{ id: number, statements?: Statement[], checkpoint?: boolean, close?: boolean }} Order */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const { file, pragmas } = /** @type {{ file: string, pragmas: string[] }} */ (workerData)

const database = new Sqlite(file)
for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`)

/** @type {Map<string, ReturnType<typeof database.prepare>>} */
const prepared = new Map()
const mostPrepared = 200

/** @param {string} sql */
function prepare(sql) {
  let statement = prepared.get(sql)
  if (!statement) {
    if (prepared.size >= mostPrepared) prepared.clear()
    statement = database.prepare(sql)
    prepared.set(sql, statement)
  }
  return statement
}

/** @param {Statement[]} statements */
function commit(statements) {
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const { sql, parameters, expect, chain } of statements) {
      if (!parameters) database.exec(sql)
      else {
        const { changes } = prepare(sql).run([...(chain ? link(chain) : []), ...parameters])
        if (expect !== undefined && changes !== expect) throw changed
      }
    }
    database.exec('COMMIT')
  } catch (error) {
    // A full disk may have rolled back already.
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

const changed = Object.assign(new Error('What it was to change is not as it was.'), { code: 'CHANGED' })

/**
 * The number and the hash of the next row of a chain; as `chainHash` in `chain.ts`.
 * @param {Chain} chain
 */
function link({ last, text }) {
  const row = /** @type {{ number: number, hash: string } | undefined} */ (prepare(last).get([]))
  const number = (row?.number ?? 0) + 1
  return [
    number,
    createHash('sha256')
      .update(`${number}\n${row?.hash ?? ''}\n${text}`)
      .digest('hex'),
  ]
}

/** @param {unknown} error */
function plain(error) {
  const { code, message } = /** @type {{ code?: string, message?: string }} */ (error)
  return { code: code ?? '', message: message ?? String(error) }
}

port.on('message', (/** @type {Order} */ { id, statements, checkpoint, close }) => {
  try {
    if (statements) commit(statements)
    if (checkpoint || close) database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
    if (close) {
      prepared.clear()
      database.close()
      port.close()
    }
    if (!close) port.postMessage({ id })
  } catch (error) {
    port.postMessage({ id, error: plain(error) })
  }
})
