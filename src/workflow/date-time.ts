import type { JsonObject } from './json.ts'

/** ISO 8601 in UTC, e.g. `2026-01-31T12:00:00.000Z`. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** The specification's "DateTime Descriptor" (dsl.md): `epoch.milliseconds` is the whole timestamp. */
export function dateTime(milliseconds: number): JsonObject {
  return {
    iso8601: isoTime(milliseconds),
    epoch: { seconds: Math.floor(milliseconds / 1000), milliseconds },
  }
}
