/** What connectors of files have in common, over the port `FileStore`. */
export { fileFault, outside } from './faults.ts'
export { fileSource, fileSourceOptions } from './source.ts'
export type { FileStore, ReadableStore, StoredFile, WritableFile } from './store.ts'
export { createEncoder, type Encoder } from './encoder.ts'
export { fileTarget, fileTargetModes, fileTargetOptions, pathOf } from './target.ts'
