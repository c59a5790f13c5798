/**
 * How records are written down: formats, encodings, compression. Everything streams: memory is bounded by a batch,
 * and by the size that one record may have. Knows nothing of where the bytes are.
 */
export { formatNames, readLimits, type Format, type FormatName, type ReadLimits } from './format.ts'
export {
  documentOptions,
  formats,
  plainOptions,
  readProperties,
  writeProperties,
  type DocumentOptions,
  type PlainOptions,
} from './options.ts'
export { readDocument, type Document, type DocumentBatch, type DocumentRequest } from './read-document.ts'
export { canAppend, createDocumentWriter, isResumable, type DocumentWriter } from './write-document.ts'
