/**
 * Moves records: reads a source once into a dataset, and delivers it to each target at its own pace, with checkpoints,
 * dead letters and replays. Which systems there are is `connectors/`'s; when something is moved is a pipeline's.
 */
export { checkTransfer, type TransferSurroundings } from './check.ts'
export { bucketDatasets, folderDatasets, type Datasets } from './dataset/datasets.ts'
export { checkBucket, type Bucket } from './dataset/objects/bucket.ts'
export { moveDatasets, type MovedDatasets } from './dataset/move.ts'
export { openTransfers, type Transfers, type TransfersOptions } from './transfers.ts'
export { receivedType, type Intake, type Received, type ReceiveRequest } from './receive.ts'
export type { LetterDetail, LetterPage, LetterQuery, Letters, LetterSummary } from './letters.ts'
export type { ErasedPerson } from './erase-person.ts'
export type * from './overview.ts'
