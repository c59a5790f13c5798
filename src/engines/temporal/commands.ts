import { randomUUID } from 'node:crypto'
import type { Statement } from '../../database/index.ts'
import { errorTable, SluseError, type ErrorCode } from '../../errors.ts'
import { isOver } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import { grpc, grpcCodeOf } from './grpc.ts'
import { names, type Command, type CommandResult } from './protocol.ts'

const mostTries = 6
/** What a process left behind that died before it had its answer. */
const forgottenAfter = 3_600_000

/**
 * Has the run's workflow obey a command, and starts that where it is not there yet. The answer may be lost where the
 * command crosses what else happens to the run: a mark that is written with what it does tells that it was carried out,
 * and keeps it from being carried out twice.
 */
export async function carryOut(core: Cluster, id: string, given: Omit<Command, 'id'>): Promise<void> {
  if (!core.temporalIsThere()) throw new SluseError('SLUSE-TEMPORAL-UNREACHABLE', 'Nothing was changed.')
  const mark = `command ${randomUUID()}`
  const marked = { sql: 'INSERT INTO marks (name, value) VALUES (?, ?)', parameters: [mark, Date.now()] }
  const command = { ...given, id: mark, record: [...given.record, marked] }
  try {
    for (let attempt = 1; !(await ask(core, id, command, attempt === mostTries)); attempt++)
      await new Promise((resolve) => setTimeout(resolve, 25 * 2 ** attempt))
  } catch (error) {
    if (!(await isThere(core, mark))) throw error instanceof SluseError ? error : unanswered(error)
    // The run may be told once more still of what it was told before: the mark stays, and refuses that.
    return
  }
  await core.database.commit([forget(mark)]).catch(() => {})
}

/** `false` where it is to be asked again. Throws where it is refused, or whatever is amiss the last time. */
async function ask(core: Cluster, id: string, command: Command, last: boolean): Promise<boolean> {
  const { client, libraries, records, runs } = core
  const row = await records.find(id)
  if (isOver(row.status)) throw new SluseError('SLUSE-RUN-ENDED', `(${id})`)
  try {
    const handle = client.workflow.getHandle(id)
    await core.ask(() => handle.signal(names.command, command))
    const result = await core.ask(() =>
      handle.executeUpdate<CommandResult, [string]>(names.answer, { args: [command.id] }),
    )
    if ('done' in result) return true
    if ('code' in result) throw new SluseError(knownCode(result.code) ?? 'SLUSE-RUN-STATE', result.detail)
    if (last) throw new SluseError('SLUSE-RUN-STATE', 'It begins anew: ask again.')
  } catch (error) {
    if (last) throw error
    const { WorkflowNotFoundError, WorkflowUpdateFailedError } = libraries.client
    if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError)
      await runs.begin(row)
    // Else it came while the workflow was ending, or its task was given up.
    else if (grpcCodeOf(error) !== grpc.failedPrecondition) throw error
  }
  return false
}

async function isThere({ database }: Cluster, mark: string): Promise<boolean> {
  const rows = await database.query('SELECT 1 FROM marks WHERE name = ?', [mark])
  return rows.length > 0
}

/** The run may have been told, and come to it later. */
function unanswered(cause: unknown): SluseError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const detail = `(${why}) What was asked may be carried out still: look at the run before you ask again.`
  return new SluseError('SLUSE-TEMPORAL-UNREACHABLE', detail, { cause })
}

function forget(mark: string): Statement {
  const sql = "DELETE FROM marks WHERE name = ? OR (name LIKE 'command %' AND value < ?)"
  return { sql, parameters: [mark, Date.now() - forgottenAfter] }
}

function knownCode(code: string): ErrorCode | undefined {
  return Object.hasOwn(errorTable, code) ? (code as ErrorCode) : undefined
}
