import type { Json } from './json.ts'

/** A CloudEvent 1.0 in structured form: context attributes, extensions, and `data` or `data_base64`. */
export interface CloudEvent {
  specversion: '1.0'
  id: string
  source: string
  type: string
  time?: string
  subject?: string
  datacontenttype?: string
  dataschema?: string
  data?: Json
  data_base64?: string
  [extension: string]: Json | undefined
}

/**
 * An event filter (dsl-reference.md, "Event Filter") ready to be stored and matched without the run:
 * whatever in it depended on the run's data is evaluated or captured in `variables`.
 */
export interface EventFilter {
  /** Attribute name to: a literal or regular expression to match, or a jq condition `${ … }` on the attribute's value. */
  readonly with: { readonly [attribute: string]: Json }
  /** Correlation keys: `from` is a jq expression on the event; `expect` is the value that it must yield, if known. */
  readonly correlate?: { readonly [key: string]: { readonly from: string; readonly expect?: Json } }
  /** Arguments of the expressions: `context`, `input`, `workflow`, loop variables … as they were when the wait began. */
  readonly variables: { readonly [name: string]: Json }
}
