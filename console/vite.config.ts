import react from '@vitejs/plugin-react'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  resolve: { alias: { 'sluse/jq': join(root, 'src/jq/index.ts') } },
  build: {
    outDir: join(root, 'dist/console'),
    emptyOutDir: true,
    // Nothing is put into the page itself: the content security policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { comments: false } },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': process.env.SLUSE_SERVER ?? 'http://127.0.0.1:8080' } },
})

/** Writes what compresses beside itself, so that the server need not do it again for each request. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle: async ({ dir = '' }) => {
      const names = await readdir(dir, { recursive: true })
      for (const name of names.filter((each) => /\.(?:js|css|html|svg)$/.test(each))) {
        const body = await readFile(join(dir, name))
        await writeFile(join(dir, `${name}.gz`), gzipSync(body, { level: 9 }))
        const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
        await writeFile(join(dir, `${name}.br`), brotliCompressSync(body, options))
      }
    },
  }
}
