import { fault, type WorkflowFault } from '../../workflow/index.ts'

export function outside(path: string): WorkflowFault {
  return fault('configuration', `${JSON.stringify(path)} leads out of the connection's folder.`)
}

/** What a file system said, as a fault. */
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
