/**
 * Engines run pipelines durably. One port, `engine.ts`; `embedded/` implements it in this process.
 */
export type {
  ActivityRequest,
  ActivityRunner,
  DefinitionReference,
  Engine,
  Outcome,
  PublishReceipt,
  RerunRequest,
  SecretStore,
  StartedRun,
  StartRequest,
} from './engine.ts'
export {
  examineTemporal,
  openTemporalEngine,
  type TemporalEngine,
  type TemporalHealth,
  type TemporalServerSettings,
} from './temporal/index.ts'
export {
  openEmbeddedEngine,
  systemClock,
  type Clock,
  type EmbeddedEngine,
  type EmbeddedEngineOptions,
  type EmbeddedSettings,
  type EngineHealth,
} from './embedded/index.ts'
