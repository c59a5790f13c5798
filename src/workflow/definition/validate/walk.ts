import type { Json } from '../../json.ts'
import type { Place, Sites } from './place.ts'
import type { Report } from './report.ts'

/** What the walk over a definition carries along. */
export interface Walk {
  readonly report: Report
  readonly sites: Sites
  /** Judges a text that has a form of its own. */
  readonly checkForm: (role: 'uri' | 'duration' | 'cron' | 'timezone', value: string, place: Place) => void
  /** Where a declaration refers to one that this walk handles by itself: task lists and tasks. */
  readonly refer: (reference: string, value: Json, place: Place) => void
  /** Told of each feature that is used, such as `run` `container`, so that one not supported is refused by name. */
  readonly feature: (group: string, name: string, place: Place) => void
}
