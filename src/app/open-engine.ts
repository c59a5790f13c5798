import { readFile } from 'node:fs/promises'
import type { Settings } from '../config/index.ts'
import { packageVersion, type Log } from '../config/index.ts'
import { patient, type Database } from '../database/index.ts'
import {
  openEmbeddedEngine,
  openTemporalEngine,
  type ActivityRunner,
  type Clock,
  type EmbeddedSettings,
  type Engine,
  type EngineHealth,
  type SecretStore,
  type TemporalServerSettings,
} from '../engines/index.ts'
import type { Member } from '../members/index.ts'
import { SluseError } from '../errors.ts'
import type { Guard } from '../resilience/index.ts'

/** The engine of an installation, whichever it is. */
export type AppEngine = Engine & { health(): EngineHealth }

interface Parts {
  readonly database: Database
  readonly member: Member | undefined
  readonly guard: Guard
  readonly activities: ActivityRunner
  readonly secrets: SecretStore
  readonly log: Log
  readonly clock?: Clock | undefined
  readonly engine?: Partial<EmbeddedSettings> | undefined
}

/** Opens the engine that the settings name. */
export async function openEngine(settings: Settings, parts: Parts): Promise<AppEngine> {
  const { guard, activities, secrets, log, clock } = parts
  const { activityConcurrency, maxResultBytes, maxChildDepth, maxMissedRuns } = settings
  const { earlyEvents, inboxRetention, runRetentionDays, stuckAfter } = settings
  const common = {
    database: patient(parts.database),
    activities,
    secrets,
    runtime: { name: 'sluse', version: packageVersion(), metadata: {} },
    log,
  }
  const kept = {
    ...{ activityConcurrency, maxResultBytes, maxChildDepth, maxMissedRuns },
    ...{ earlyEvents, inboxRetention, runRetentionDays, stuckAfter },
  }
  if (settings.engine === 'temporal') {
    const key = keyOf(settings)
    const server = await serverOf(settings)
    return openTemporalEngine({
      ...common,
      gatekeeper: guard,
      ...(parts.member && { member: parts.member }),
      settings: { ...kept, ...(settings.temporalEffects === 'single' && { aheadMs: 0 }) },
      key,
      server,
      role: settings.role,
    })
  }
  return openEmbeddedEngine({
    ...common,
    gatekeeper: guard,
    settings: { ...kept, ...parts.engine },
    ...(clock && { clock }),
  })
}

/** Throws `SLUSE-TEMPORAL-SETTINGS` where what the engine needs is not set, or is set for another one. */
export function checkEngine({ engine, role, databaseUrl, temporalKey }: Settings): void {
  const wrong = (detail: string) => new SluseError('SLUSE-TEMPORAL-SETTINGS', detail)
  if (engine !== 'temporal') {
    if (role !== 'all')
      throw wrong(`The engine is embedded: this process cannot be of the role ${role} alone.`)
    return
  }
  if (databaseUrl === undefined)
    throw wrong('Records must be on PostgreSQL, which all processes share: SLUSE_DATABASE_URL.')
  if (temporalKey === undefined)
    throw wrong('SLUSE_TEMPORAL_KEY is missing: 64 hexadecimal digits, the same in all processes.')
}

/** Throws `SLUSE-TEMPORAL-SETTINGS` where it is of another form. */
export function keyOf({ temporalKey = '' }: Settings): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(temporalKey)) return Buffer.from(temporalKey, 'hex')
  throw new SluseError('SLUSE-TEMPORAL-SETTINGS', 'SLUSE_TEMPORAL_KEY must be 64 hexadecimal digits.')
}

/** Throws `SLUSE-TEMPORAL-SETTINGS` where a file cannot be read, or one of a pair is missing. */
export async function serverOf(settings: Settings): Promise<TemporalServerSettings> {
  const { temporalAddress, temporalNamespace, temporalTaskQueue, temporalApiKey } = settings
  const { temporalTls, temporalCa, temporalCertificate, temporalCertificateKey } = settings
  const tls = temporalTls || temporalCa !== undefined || temporalCertificate !== undefined
  if ((temporalCertificate === undefined) !== (temporalCertificateKey === undefined)) {
    const both = 'SLUSE_TEMPORAL_CERTIFICATE and SLUSE_TEMPORAL_CERTIFICATE_KEY belong together: set both.'
    throw new SluseError('SLUSE-TEMPORAL-SETTINGS', both)
  }
  return {
    address: temporalAddress,
    namespace: temporalNamespace,
    taskQueue: temporalTaskQueue,
    ...(temporalApiKey !== undefined && { apiKey: temporalApiKey }),
    ...(tls && {
      tls: {
        ...(temporalCa && { serverRootCACertificate: await read('CA', temporalCa) }),
        ...(temporalCertificate && { clientCert: await read('CERTIFICATE', temporalCertificate) }),
        ...(temporalCertificateKey && { clientKey: await read('CERTIFICATE_KEY', temporalCertificateKey) }),
      },
    }),
  }
}

async function read(setting: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SluseError(
      'SLUSE-TEMPORAL-SETTINGS',
      `SLUSE_TEMPORAL_${setting}: ${file} cannot be read (${code}).`,
    )
  }
}
