/**
 * Where files are: a local folder, an SFTP server. What every such connector does with them, reading documents,
 * appending, replacing, moving when done, is written once, over this port. Paths are relative to the connection's
 * folder, with `/`; an implementation refuses those that lead out of it. Every operation throws a fault.
 */
export interface FileStore extends ReadableStore {
  /** For reading and writing; it is made where it is missing, and its folders. */
  open(path: string, signal: AbortSignal): Promise<WritableFile>
}

export interface ReadableStore {
  /** The regular files in a folder (`''`: the connection's own), with those below it where `deep`. Any order. */
  list(folder: string, deep: boolean, signal: AbortSignal): Promise<StoredFile[]>
  stat(path: string, signal: AbortSignal): Promise<StoredFile>
  read(path: string, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** In one step; replaces what is there. Makes the folder. */
  rename(from: string, to: string, signal: AbortSignal): Promise<void>
  /** Nothing happens where it is not there. */
  remove(path: string, signal: AbortSignal): Promise<void>
  /** Its own path on this machine, where it is on it. */
  localPath?(path: string): Promise<string>
}

export interface StoredFile {
  readonly path: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

export interface WritableFile {
  size(): Promise<number>
  /** At most `length` bytes; fewer only at the end. */
  read(position: number, length: number): Promise<Buffer>
  write(bytes: Uint8Array, position: number): Promise<void>
  truncate(size: number): Promise<void>
  /** Until then a power cut may take away what was written. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Changes when the content does. */
export const versionOf = ({ size, modified }: StoredFile): string => `${size}@${modified}`
