/** `function`: a task from a catalog or an address (dsl.md, "Catalogs"), read, checked and given as JSON. */
import { loadFunction } from '../../workflow/definition/index.ts'
import { catalogedUri, fault, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityFactory, ActivityOptions } from '../activity.ts'
import { type Endpoint, endpointOf, objectInput, shown, textOf } from '../input.ts'
import { readResource } from '../resources.ts'

const mostBytes = 1_000_000

export const functionActivity: ActivityFactory = (options) => ({
  name: 'function',
  async run(given, context) {
    const input = objectInput(given, 'function')
    const { endpoint, folder } = placeOf(input, options)
    const found = await readResource(endpoint, context, folder, { maxBytes: mostBytes })
    if (!found) throw fault('communication', `The function at ${endpoint.uri} came without content.`)
    return checked(found.content, nameOf(input, endpoint))
  },
})

/** Where a function lies: the address that the run computed, or its place in a catalog that this server knows. */
function placeOf(
  input: JsonObject,
  options: ActivityOptions,
): { endpoint: Endpoint; folder: Pick<ActivityOptions, 'projectFolder' | 'dataFolder'> } {
  if (input['endpoint'] !== undefined) return { endpoint: endpointOf(input['endpoint']), folder: options }
  const name = segment(textOf(input, 'name'))
  const version = segment(textOf(input, 'version'))
  const catalog = textOf(input, 'catalog')
  const elsewhere = catalog === 'default' ? options.functionFolders?.get(`${name}:${version}`) : undefined
  if (elsewhere !== undefined) {
    return { endpoint: { uri: 'function.yaml' }, folder: { ...options, projectFolder: elsewhere } }
  }
  const configured =
    options.catalogs && Object.hasOwn(options.catalogs, catalog) ? options.catalogs[catalog] : undefined
  const root = configured ?? (catalog === 'default' ? options.projectFolder : undefined)
  if (root === undefined) throw fault('configuration', `There is no catalog '${catalog}'.`)
  if (/^https?:/i.test(root)) return { endpoint: { uri: catalogedUri(root, name, version) }, folder: options }
  return {
    endpoint: { uri: `functions/${encodeURIComponent(name)}/${encodeURIComponent(version)}/function.yaml` },
    folder: { ...options, projectFolder: root },
  }
}

/** A name or version is one step of a path, and never one that leads out. */
function segment(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(text)) return text
  throw fault('configuration', `${JSON.stringify(text)} cannot be a function's name or version.`)
}

function nameOf(input: JsonObject, endpoint: Endpoint): string {
  return typeof input['name'] === 'string'
    ? `${input['name']}:${shown(input['version'])}@${shown(input['catalog'])}`
    : endpoint.uri.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//')
}

function checked(text: string, name: string): Json {
  const { definition, findings } = loadFunction(text, { file: 'function.yaml' })
  if (definition) return definition as unknown as Json
  const first = findings.filter(({ severity }) => severity === 'error').slice(0, 3)
  const said = first.map(({ message, pointer }) => `${message}${pointer ? ` (at ${pointer})` : ''}`)
  throw fault('configuration', `The function ${name} is not valid: ${said.join(' ')}`)
}
