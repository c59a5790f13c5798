/**
 * What `call` names where it is none of the built-in calls: a function of `use.functions`, one of a catalog
 * (`log:1.0.0@global`), or the address of a `function.yaml`. (dsl.md, "Catalogs", "Using a Custom Function")
 */
export type FunctionReference =
  | { readonly kind: 'inline'; readonly name: string }
  | { readonly kind: 'cataloged'; readonly name: string; readonly version: string; readonly catalog: string }
  | { readonly kind: 'address'; readonly uri: string }

export function parseFunctionReference(call: string): FunctionReference {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(call)) return { kind: 'address', uri: functionUri(call) }
  const match = /^([^:@]+):([^@]+)@([^@]+)$/.exec(call)
  if (!match) return { kind: 'inline', name: call }
  const [, name, version, catalog] = match as unknown as [string, string, string, string]
  return { kind: 'cataloged', name, version, catalog }
}

/** Where a catalog's function lies: `{endpoint}/functions/{name}/{version}/function.yaml`, as raw content. */
export function catalogedUri(endpoint: string, name: string, version: string): string {
  const base = endpoint.replace(/\/+$/, '')
  return rawUri(`${base}/functions/${encodeURIComponent(name)}/${encodeURIComponent(version)}/function.yaml`)
}

/** `https://github.com/org/repo/path@v1.0.0` is the function at `path`, at that git reference. */
function functionUri(uri: string): string {
  const match = /^https?:\/\/github\.com\/([^/]+)\/([^/@]+)((?:\/[^@]*)?)@([^/@]+)$/.exec(uri)
  if (!match) return rawUri(uri)
  const [, owner, repository, path, ref] = match as unknown as string[]
  const file = /\.(ya?ml|json)$/.test(path as string)
    ? path
    : `${(path as string).replace(/\/$/, '')}/function.yaml`
  return `https://raw.githubusercontent.com/${owner}/${repository}/${gitRef(ref as string)}${file}`
}

/**
 * The raw content behind a page of GitHub or GitLab (dsl.md, "File Structure"); any other address as it is.
 * `/tree/{ref}/` and `/blob/{ref}/` name a branch, a version tag or a commit; without, the default branch.
 */
export function rawUri(uri: string): string {
  const github = /^https?:\/\/github\.com\/([^/]+)\/([^/]+)(?:\/(?:tree|blob)\/([^/]+))?(\/.*)?$/.exec(uri)
  if (github) {
    const [, owner, repository, ref, path = ''] = github
    return `https://raw.githubusercontent.com/${owner}/${repository}/${ref === undefined ? 'HEAD' : gitRef(ref)}${path}`
  }
  const gitlab = /^(https?:\/\/gitlab\.[^/]+\/.+?)\/-\/(?:tree|blob)\/(.+)$/.exec(uri)
  return gitlab ? `${gitlab[1]}/-/raw/${gitlab[2]}` : uri
}

function gitRef(ref: string): string {
  if (/^[0-9a-f]{40}$/.test(ref)) return ref
  return /^v?\d+(\.\d+)+/.test(ref) ? `refs/tags/${ref}` : `refs/heads/${ref}`
}
