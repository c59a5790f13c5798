import type { Json } from './json.ts'

/**
 * An effect on the world that a task asks for: what, and with which data. All expressions in it are evaluated.
 *
 * Kinds of this project (one folder each under `activities/`):
 * `http`, `openapi`, `grpc`, `asyncapi`, `a2a`, `mcp`, `shell`, `script`, `container`, `resource`
 * (reads an external resource as text), `emit` (publishes a CloudEvent; engines do this one themselves,
 * so that the event and the journal entry are one transaction).
 */
export interface ActivityCall {
  readonly kind: string
  readonly input: Json
}
