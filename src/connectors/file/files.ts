import { mkdir, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, resolve, sep } from 'node:path'
import { fault, type WorkflowFault } from '../../workflow/index.ts'

/**
 * The absolute path of a file that is to be written within `root`, its folder made. Throws a `configuration` fault
 * where the path, or a link on its way, leads out of it.
 */
export async function writablePath(root: string, path: string): Promise<string> {
  const folder = dirname(within(root, path))
  await mkdir(folder, { recursive: true })
  const [realRoot, realFolder] = await Promise.all([realpath(root), realpath(folder)])
  if (realFolder !== realRoot && !realFolder.startsWith(realRoot + sep)) throw outside(path)
  return resolve(realFolder, basename(path))
}

/** The files within `root` that a path means, in the order of their names; `*` in the last part is a wildcard. */
export async function filesOf(root: string, path: string): Promise<string[]> {
  if (!basename(path).includes('*')) return [within(root, path)]
  const folder = dirname(within(root, path))
  const pattern = new RegExp(`^${basename(path).split('*').map(escape).join('.*')}$`)
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileFault(error, folder)
  })
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map(({ name }) => resolve(folder, name))
    .sort()
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** The real path, links followed, which must lie within `root`. */
export async function readablePath(root: string, path: string): Promise<string> {
  const [realRoot, real] = await Promise.all([realpath(root), realpath(path)]).catch((error: unknown) => {
    throw fileFault(error, path)
  })
  if (!real.startsWith(realRoot + sep)) throw outside(path)
  return real
}

function within(root: string, path: string): string {
  const absolute = resolve(root, path)
  if (absolute.startsWith(root.endsWith(sep) ? root : root + sep) && !path.includes('\0')) return absolute
  throw outside(path)
}

function outside(path: string): WorkflowFault {
  return fault('configuration', `${JSON.stringify(path)} leads out of the connection's folder.`)
}

/** What the file system said, as a fault. */
export function fileFault(error: unknown, path: string): WorkflowFault {
  const { code = 'unknown', problem } = error as NodeJS.ErrnoException & { problem?: unknown }
  if (problem !== undefined) return error as WorkflowFault
  const why = reasons[code] ?? `the file system said ${code}`
  return fault('communication', `${path}: ${why}.`, { cause: code })
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: 'it does not exist',
  EACCES: 'it may not be accessed',
  EPERM: 'it may not be accessed',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'there is no room left on the disk',
  EROFS: 'the file system can only be read',
}
