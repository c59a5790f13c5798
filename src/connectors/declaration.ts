import { suggestion } from '../workflow/definition/index.ts'
import { isObject, type Json, type JsonObject } from '../workflow/index.ts'
import type { Connector, MetadataField } from './connector.ts'
import { daprTypes } from './dapr/types.ts'
import { metadataValue } from './metadata.ts'
import { secretStoreTypes } from './secret-stores.ts'

/** A connection as the project declares it: checked, its secrets still references. */
export interface ConnectionDeclaration {
  readonly name: string
  readonly kind: 'Component' | 'HTTPEndpoint'
  /** Dapr's `spec.type`; of an `HTTPEndpoint` the word `HTTPEndpoint`. */
  readonly type: string
  readonly metadata: { readonly [key: string]: DeclaredValue }
  readonly headers: { readonly [name: string]: DeclaredValue }
  readonly clientTls: { readonly [part: string]: DeclaredValue }
  /** Where its secrets are: the name of a secret store component; not given: the operator's secrets. */
  readonly secretStore?: string
  readonly annotations: { readonly [name: string]: string }
  /** The applications that it is for; none named: for all. */
  readonly scopes: readonly string[]
}

export type DeclaredValue =
  | { readonly value: string | number | boolean }
  | { readonly secret: SecretReference; readonly field: MetadataField }

export interface SecretReference {
  readonly name: string
  /** The member of a secret that is an object. */
  readonly key?: string
}

export interface ConnectionComplaint {
  readonly severity: 'error' | 'warning'
  /** JSON pointer in the resource. */
  readonly pointer: string
  readonly message: string
  readonly todo: string
}

/**
 * Reads a Dapr `Component` or `HTTPEndpoint` (`dapr.io/v1alpha1`), given as plain data. All that is wrong is told at
 * once; without an error there is a declaration. `sidecar`: whether there is one, which may have types that we do not
 * know.
 */
export function readConnection(
  resource: unknown,
  connectorOf: (type: string) => Connector | undefined,
  types: readonly string[],
  sidecar = false,
): { declaration?: ConnectionDeclaration; complaints: ConnectionComplaint[] } {
  const reader = new Reader()
  const root = reader.object(resource, '', ['apiVersion', 'kind', 'metadata', 'spec', 'auth', 'scopes'])
  const meta = reader.object(root.metadata ?? {}, '/metadata', ['name', 'namespace', 'annotations', 'labels'])
  const auth = reader.object(root.auth ?? {}, '/auth', ['secretStore'])
  if (root.apiVersion !== 'dapr.io/v1alpha1') {
    reader.error('/apiVersion', 'This version of the resource is not known.', 'Write dapr.io/v1alpha1.')
  }
  const kind = root.kind === 'HTTPEndpoint' ? 'HTTPEndpoint' : 'Component'
  if (root.kind !== kind) {
    reader.error('/kind', 'This is no connection.', 'Write Component or HTTPEndpoint.')
  }
  const common = {
    name: String(meta.name),
    kind,
    ...(typeof auth.secretStore === 'string' && auth.secretStore !== '' && { secretStore: auth.secretStore }),
    annotations: reader.texts(meta.annotations, '/metadata/annotations'),
    scopes: Array.isArray(root.scopes) ? root.scopes.filter((each) => typeof each === 'string') : [],
  } as const
  const spec = root.spec ?? reader.missing('/spec')
  const read =
    kind === 'HTTPEndpoint'
      ? readEndpoint(reader, spec)
      : readComponent(reader, spec, connectorOf, types, sidecar)
  const sound = !reader.complaints.some(({ severity }) => severity === 'error')
  return { complaints: reader.complaints, ...(sound && { declaration: { ...common, ...read } }) }
}

type Read = Pick<ConnectionDeclaration, 'type' | 'metadata' | 'headers' | 'clientTls'>

function readComponent(
  reader: Reader,
  value: Json | undefined,
  connectorOf: (type: string) => Connector | undefined,
  types: readonly string[],
  sidecar: boolean,
): Read {
  const spec = reader.object(value, '/spec', ['type', 'version', 'metadata', 'ignoreErrors', 'initTimeout'])
  const type = typeof spec.type === 'string' ? spec.type : ''
  const known: Pick<Connector, 'metadata' | 'anyMetadata'> | undefined =
    secretStoreTypes[type] ?? connectorOf(type)
  if (spec.version !== undefined && spec.version !== 'v1' && !known?.anyMetadata) {
    reader.error('/spec/version', 'This version of the component is not known.', 'Write v1.')
  }
  if (!known && value !== undefined) {
    const message = type === '' ? 'The type is missing.' : `There is no connector for ${type}.`
    reader.error(spec.type === undefined ? '/spec' : '/spec/type', message, `There are: ${types.join(', ')}.`)
  }
  if (known?.anyMetadata && !daprTypes.includes(type)) {
    const ours = types.filter((each) => !each.endsWith('*'))
    const near = suggestion(type, [...ours, ...daprTypes])
    const todo =
      near ?? 'See https://docs.dapr.io/reference/components-reference/ for the types that there are.'
    if (sidecar) reader.warning('/spec/type', `Neither Sluse nor Dapr is known to have ${type}.`, todo)
    else reader.error('/spec/type', `There is no connector for ${type}, and Dapr has no such type.`, todo)
  }
  const metadata: { [key: string]: DeclaredValue } = {}
  if (spec.metadata !== undefined && !Array.isArray(spec.metadata)) {
    reader.error(
      '/spec/metadata',
      'This must be a list.',
      'Write items of `name` and `value` or `secretKeyRef`.',
    )
  }
  const items = Array.isArray(spec.metadata) ? spec.metadata : []
  items.forEach((item, index) => {
    const at = `/spec/metadata/${index}`
    const { name, ...rest } = reader.object(item, at, ['name', 'value', 'secretKeyRef', 'envRef'])
    if (typeof name !== 'string') return reader.error(at, 'It has no name.', 'Write its `name`.')
    if (!known) return
    const field = fieldOf(known, name)
    if (!field) {
      const names = Object.keys(known.metadata)
      return reader.error(
        `${at}/name`,
        `${type} has no ${JSON.stringify(name)}.`,
        `It has: ${names.join(', ')}.`,
      )
    }
    if (Object.hasOwn(metadata, name)) {
      return reader.error(`${at}/name`, `${name} stands here twice.`, 'Remove one of them.')
    }
    const declared = reader.value(rest, at, field)
    if (declared) metadata[name] = declared
  })
  for (const [name, field] of Object.entries(known?.metadata ?? {})) {
    if (!field.required || Object.hasOwn(metadata, name)) continue
    if (items.some((item) => isObject(item) && item.name === name)) continue
    reader.error('/spec/metadata', `${type} needs ${name}: ${field.about}`, `Add an item named ${name}.`)
  }
  return { type, metadata, headers: {}, clientTls: {} }
}

function fieldOf(
  known: Pick<Connector, 'metadata' | 'anyMetadata'>,
  name: string,
): MetadataField | undefined {
  if (Object.hasOwn(known.metadata, name)) return known.metadata[name]
  return known.anyMetadata ? { about: '', type: 'text' } : undefined
}

const plainText: MetadataField = { about: '', type: 'text' }

function readEndpoint(reader: Reader, value: Json | undefined): Read {
  const spec = reader.object(value, '/spec', ['baseUrl', 'headers', 'clientTLS', 'version'])
  const baseUrl = typeof spec.baseUrl === 'string' ? spec.baseUrl : ''
  const protocol = URL.canParse(baseUrl) ? new URL(baseUrl).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:') {
    reader.error(
      spec.baseUrl === undefined ? '/spec' : '/spec/baseUrl',
      'The address is not one of http or https.',
      'Write `baseUrl: https://host/path`.',
    )
  } else if (new URL(baseUrl).password !== '') {
    reader.error(
      '/spec/baseUrl',
      'The address has a password in it.',
      'Send it as a header by `secretKeyRef`.',
    )
  }
  const headers: { [name: string]: DeclaredValue } = {}
  const items = Array.isArray(spec.headers) ? spec.headers : []
  items.forEach((item, index) => {
    const at = `/spec/headers/${index}`
    const { name, ...rest } = reader.object(item, at, ['name', 'value', 'secretKeyRef', 'envRef'])
    if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      return reader.error(at, 'It has no name of a header.', 'Write its `name`.')
    }
    const declared = reader.value(rest, at, {
      ...plainText,
      secret: /^(proxy-)?authorization$|key|token/i.test(name),
    })
    if (declared) headers[name] = declared
  })
  const tls = reader.object(spec.clientTLS ?? {}, '/spec/clientTLS', [
    'rootCA',
    'certificate',
    'privateKey',
    'renegotiation',
  ])
  const clientTls: { [part: string]: DeclaredValue } = {}
  for (const part of ['rootCA', 'certificate', 'privateKey'] as const) {
    if (tls[part] === undefined) continue
    const at = `/spec/clientTLS/${part}`
    const given = reader.object(tls[part], at, ['value', 'secretKeyRef', 'envRef'])
    const declared = reader.value(given, at, { ...plainText, secret: part === 'privateKey' })
    if (declared) clientTls[part] = declared
  }
  return { type: 'HTTPEndpoint', metadata: { baseUrl: { value: baseUrl } }, headers, clientTls }
}

/** Reads values and notes what is wrong with them, so that all of it is told and not only the first. */
class Reader {
  readonly complaints: ConnectionComplaint[] = []

  error(pointer: string, message: string, todo: string): void {
    this.complaints.push({ severity: 'error', pointer, message, todo })
  }

  warning(pointer: string, message: string, todo: string): void {
    this.complaints.push({ severity: 'warning', pointer, message, todo })
  }

  missing(pointer: string): undefined {
    this.error(pointer, 'This is missing.', 'A connection has `spec`.')
    return undefined
  }

  object(value: unknown, at: string, known: readonly string[]): JsonObject {
    if (value === undefined) return {}
    if (!isObject(value)) {
      this.error(at, 'This must be a mapping.', `Give it as a mapping of: ${known.join(', ')}.`)
      return {}
    }
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue
      const pointer = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      this.error(pointer, `"${key}" is not known here.`, `Known here: ${known.join(', ')}.`)
    }
    return value
  }

  texts(value: Json | undefined, at: string): { [name: string]: string } {
    const entries = Object.entries(isObject(value) ? value : {})
    for (const [name, each] of entries) {
      if (typeof each !== 'string')
        this.error(`${at}/${name}`, 'An annotation is a text.', 'Put it in quotes.')
    }
    return Object.fromEntries(entries.map(([name, each]) => [name, String(each)]))
  }

  /** `value`, or `secretKeyRef`: exactly one of them. */
  value(given: JsonObject, at: string, field: MetadataField): DeclaredValue | undefined {
    const { value, secretKeyRef, envRef } = given
    if (envRef !== undefined) {
      this.error(`${at}/envRef`, 'Values are not read from the environment here.', 'Use `secretKeyRef`.')
      return undefined
    }
    if ((value === undefined) === (secretKeyRef === undefined)) {
      this.error(at, 'It must have a `value` or a `secretKeyRef`, and not both.', 'Write one of them.')
      return undefined
    }
    if (value === undefined) {
      const { name, key } = this.object(secretKeyRef, `${at}/secretKeyRef`, ['name', 'key'])
      if (typeof name === 'string' && name !== '') {
        return { secret: { name, ...(typeof key === 'string' && key !== '' && { key }) }, field }
      }
      this.error(
        `${at}/secretKeyRef`,
        'The secret has no name.',
        'Write `secretKeyRef: { name: …, key: … }`.',
      )
      return undefined
    }
    if (field.secret && value !== '') {
      this.error(
        `${at}/value`,
        'A secret stands here in clear.',
        'Put it among the secrets, name it by `secretKeyRef`, and change it: whoever read this file knows it.',
      )
      return undefined
    }
    try {
      return { value: metadataValue(field, value) }
    } catch (error) {
      this.error(`${at}/value`, (error as Error).message, field.about || 'Correct it.')
      return undefined
    }
  }
}
