/** Under which name the key and the files of a dataset lie: its id, until somebody is taken out of it. */
export const storageOfDatasets: readonly string[] = ['ALTER TABLE datasets ADD COLUMN storage text']
