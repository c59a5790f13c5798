// Bundles what runs in Temporal's sandbox, ahead of time: no bundler at run time.
// node scripts/bundle-workflows.mjs [SOURCE OUTPUT]; without Temporal's libraries nothing is bundled.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const [
  source = 'dist/engines/temporal/sandbox/workflows.js',
  output = 'dist/engines/temporal/workflow-bundle.js',
] = process.argv.slice(2)

const worker = await import('@temporalio/worker').catch(() => undefined)
if (!worker) console.warn('The engine on Temporal is left out: its libraries are not installed.')
else await writeFile(output, await bundle(worker, resolve(source)))

async function bundle({ bundleWorkflowCode, DefaultLogger }, source) {
  // Below the packages that are left to Temporal's own bundler, so that it finds them.
  const folder = await mkdtemp(resolve('node_modules', '.workflows-'))
  try {
    const shared = await joined(source, folder)
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(folder, 'workflows.js'),
      preloadModules: shared ? [join(folder, 'shared.js')] : [],
      logger: new DefaultLogger('WARN'),
    })
    // The same sources give the same bundle.
    return withoutMap(code.replaceAll(basename(folder), '.workflows'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Joins the modules into two: what is made anew for each run, `workflows.js`, and what all runs of a worker share,
 * `shared.js`, where there is something: all but what uses Temporal's libraries. That has no state of a run, and is
 * evaluated once instead of with each run, which is half of what a step costs otherwise. What it exports is frozen; what
 * it keeps for itself is not.
 */
async function joined(source, folder) {
  const own = /[\\/]temporal[\\/]sandbox[\\/](?!shared\.)|[\\/]bench[\\/]/
  const made = await rolldown({
    input: { workflows: source },
    external: /^@temporalio\//,
    platform: 'neutral',
    resolve: { mainFields: ['browser', 'module', 'main'], conditionNames: ['browser', 'import', 'default'] },
  })
  const { output } = await made.write({
    dir: folder,
    format: 'esm',
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'shared', test: (id) => !own.test(id) }] },
  })
  return output.some(({ fileName }) => fileName === 'shared.js')
}

/** The map is most of it, and would be read with every start; but there has to be one. */
function withoutMap(code) {
  const map = { version: 3, file: 'workflow-bundle.js', sources: [], names: [], mappings: '' }
  const comment = '//# sourceMappingURL=data:application/json;base64,'
  return (
    code.slice(0, code.lastIndexOf(comment.slice(0, 26))) +
    comment +
    Buffer.from(JSON.stringify(map)).toString('base64')
  )
}
