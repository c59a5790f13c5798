import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The web console as it was built. The same folder whether this file runs from `src/` or from `dist/`. */
const builtInto = fileURLToPath(new URL('../../../dist/console', import.meta.url))

export interface Asset {
  readonly type: string
  readonly etag: string
  /** Its name holds the hash of what is in it. */
  readonly immutable: boolean
  readonly body: Buffer
  /** Compressed when it was built. */
  readonly brotli: Buffer | undefined
  readonly gzip: Buffer | undefined
}

/** The files of the console by their path, `/index.html`; empty where it was not built. All are held in memory. */
export type Assets = ReadonlyMap<string, Asset>

/** Reads the folder once: nothing of a later request reaches the file system, so no path leads out of it. */
export async function readAssets(folder = builtInto): Promise<Assets> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = new Set(names.map((name) => name.replaceAll(sep, '/')))
  const assets = new Map<string, Asset>()
  for (const name of files) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const read = async (ending: string) =>
      files.has(name + ending) ? readFile(join(folder, name + ending)) : undefined
    const body = await readFile(join(folder, name))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    const [brotli, gzip] = [await read('.br'), await read('.gz')]
    assets.set(`/${name}`, { type, etag, immutable: name.startsWith('assets/'), body, brotli, gzip })
  }
  return assets
}

const types: { readonly [ending: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
