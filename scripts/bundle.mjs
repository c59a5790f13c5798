// `npm run build`: joins the program's modules into few files, `dist/program/sluse.js` and what that loads on demand.
// Fifteen hundred small files take longer to find and read than all that a command then does. The modules stay beside
// it, for who imports sluse as a library, and for what is started as a thread or a process of its own.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'dist')
const program = join(modules, 'program')

/** Libraries of many small files, which are joined too, with what they import. */
const joined = [
  '@fastify/type-provider-typebox',
  '@marcbachmann/cel-js',
  'mdast-util-from-markdown',
  'typebox',
]

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const isJoined = (name, importer) =>
  joined.includes(name) || (isInLibrary(importer) && !(name in dependencies) && !name.startsWith('node:'))
const isPath = (id) => /^[./]/.test(id)
const packageOf = (id) => /^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0]
const isInLibrary = (file) => file?.includes('/node_modules/')

const bundle = await rolldown({
  input: { sluse: join(modules, 'cli/main.js') },
  platform: 'node',
  external: (id, importer) => !isPath(id) && !isJoined(packageOf(id), importer),
  plugins: [{ name: 'places of files', transform: (code, file) => placed(code, file) }],
})
const { output } = await bundle.write({ dir: program, format: 'esm', cleanDir: true })
chmodSync(join(program, 'sluse.js'), 0o755)
writeFileSync(
  join(program, 'LICENSES.txt'),
  licenses(output.flatMap(({ modules = {} }) => Object.keys(modules).filter((id) => modules[id].code))),
)

/** What a module finds beside itself it still finds there. */
function placed(code, file) {
  if (isInLibrary(file) || !code.includes('import.meta.url')) return
  const here = `new URL(${JSON.stringify(relative(program, file))}, import.meta.url).href`
  return { code: code.replaceAll('import.meta.url', here), map: null }
}

/** Of the libraries whose code is in the program, as their licences ask. */
function licenses(files) {
  const folders = new Set(files.filter(isInLibrary).map(packageFolder))
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const text = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
      return `${name} ${version} (${license})\n\n${text ? readFileSync(join(folder, text), 'utf8') : ''}`
    })
    .join('\n----\n\n')
}

function packageFolder(file) {
  const [, start, rest] = /^(.*\/node_modules\/)(.*)$/.exec(file)
  return start + packageOf(rest)
}
