// Bundles what runs in Temporal's sandbox, ahead of time: no bundler at run time.
// node scripts/bundle-workflows.mjs [SOURCE OUTPUT]; without Temporal's libraries nothing is bundled.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

const [
  source = 'dist/engines/temporal/sandbox/workflows.js',
  output = 'dist/engines/temporal/workflow-bundle.js',
] = process.argv.slice(2)

const worker = await import('@temporalio/worker').catch(() => undefined)
if (!worker) console.warn('The engine on Temporal is left out: its libraries are not installed.')
else await writeFile(output, await bundle(worker, resolve(source)))

async function bundle({ bundleWorkflowCode, DefaultLogger }, workflowsPath) {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') })
  // The map is most of it, and would be read with every start; but there has to be one.
  const map = { version: 3, file: 'workflow-bundle.js', sources: [], names: [], mappings: '' }
  const comment = '//# sourceMappingURL=data:application/json;base64,'
  return (
    code.slice(0, code.lastIndexOf(comment.slice(0, 26))) +
    comment +
    Buffer.from(JSON.stringify(map)).toString('base64')
  )
}
