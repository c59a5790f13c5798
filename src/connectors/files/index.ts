/** What connectors of files have in common, over the port `FileStore`. */
export { fileFault, outside } from './faults.ts'
export { fileSource, fileSourceOptions } from './source.ts'
export type { FileStore, StoredFile, WritableFile } from './store.ts'
export { fileTarget, fileTargetModes, fileTargetOptions, pathOf } from './target.ts'
