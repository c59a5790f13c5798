/** `script`: JavaScript or Python, given as text or found elsewhere (dsl-reference.md, "Script Process"). */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { maskFor } from '../../http/index.ts'
import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityFactory, ActivityOptions } from '../activity.ts'
import { endpointOf, objectInput, textOf } from '../input.ts'
import { processLimits, readProcess, returned, runProcess } from '../../processes/index.ts'
import { readResource } from '../resources.ts'
import { languageOf } from './languages.ts'

export const runScript: ActivityFactory = (options) => ({
  name: 'script',
  async run(given, context) {
    const input = objectInput(given, 'script')
    const named = isObject(input['arguments']) ? variablesOf(input['arguments']) : undefined
    const process = readProcess(named ? { ...input, arguments: [] } : input)
    const language = languageOf(textOf(input, 'language'))
    const code = await codeOf(input, context, options)
    const interpreter = await language.interpreter(code, options)
    const name = `The ${language.title} script`
    const result = await runProcess(
      {
        name,
        command: interpreter.command,
        prepare: async (folder) => {
          const file = join(folder, language.file)
          await writeFile(file, code, { mode: 0o600 })
          await interpreter.beside?.(folder)
          const variables = named && language.variables(named)
          const path = variables && join(folder, variables.file)
          if (path) await writeFile(path, variables.content, { mode: 0o600 })
          const before = path ? variables.arguments(path) : []
          return [...interpreter.arguments, ...before, file, ...process.arguments]
        },
        environment: {
          ...interpreter.environment,
          SLUSE_IDEMPOTENCY_KEY: context.idempotencyKey,
          ...process.environment,
        },
        stdin: process.stdin,
        keep: process.keep,
        settings: options.processes ?? {},
      },
      context.signal,
    )
    if (result.code !== 0 && language.outOfMemory.test(Buffer.from(result.stderr).toString())) {
      throw fault(
        'runtime',
        `${name} needs more memory than the ${processLimits(options.processes).memoryBytes} bytes allowed.`,
      )
    }
    return returned(result, process.returns, name, maskFor(context.secrets))
  },
})

/** DSL 1.0.0 to 1.0.2: arguments by name are variables of the script. */
function variablesOf(given: JsonObject): JsonObject {
  const wrong = Object.keys(given).find(
    (name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__',
  )
  if (wrong === undefined) return given
  throw fault('validation', `${JSON.stringify(wrong)} is not a name that a variable of a script can have.`)
}

async function codeOf(
  input: JsonObject,
  context: ActivityContext,
  options: ActivityOptions,
): Promise<string> {
  const { code, source } = input
  if ((code === undefined) === (source === undefined)) {
    throw fault('configuration', 'A script has either `code` or `source`.')
  }
  if (source === undefined) return textOf(input, 'code')
  const endpoint = endpointOf(isObject(source) ? source['endpoint'] : source, 'source.endpoint')
  const found = await readResource(endpoint, context, options)
  if (!found) throw fault('communication', 'The script came without content.')
  return found.content
}
