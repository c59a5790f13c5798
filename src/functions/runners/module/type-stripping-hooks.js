// @ts-check
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/wasm-typescript'

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  try {
    return { format: 'module', source: transformSync(text, { mode: 'strip-only' }).code, shortCircuit: true }
  } catch (error) {
    throw new SyntaxError(
      `${fileURLToPath(url)}: ${/** @type {{ message?: string }} */ (error).message ?? String(error)}`,
    )
  }
}
