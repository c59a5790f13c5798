/**
 * Settings and secrets: what the operator decides. One table declares every setting; command-line flags, environment,
 * `sluse.yaml`, help and the reference page come from it.
 */
export { inThisProcess, readSettings, type Settings, type SettingsSources } from './read-settings.ts'
export { environmentName, fileName, flagName, settingGroups, settingsTable } from './settings-table.ts'
export type { Setting, SettingGroup, SettingName } from './settings-table.ts'
export { openSecrets, type SecretJson, type SecretSources } from './secrets.ts'
export { createLog, type Log, type LogLevel } from './log.ts'
export { packageVersion } from './version.ts'
