/** Files in a local folder. Dapr calls the type `bindings.localstorage`, and the folder `rootPath`. */
import { access, constants, mkdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fault } from '../../workflow/index.ts'
import type { Connector } from '../connector.ts'
import { fileFault } from './files.ts'
import { appendTo } from './append.ts'
import { readNdjson } from './ndjson-source.ts'
import { replaceFile } from './replace.ts'

export const file: Connector = {
  type: 'bindings.localstorage',
  about: 'Files in a folder of this machine, or one that is mounted here.',
  metadata: {
    rootPath: {
      about: "The folder; a relative path is in the project's folder.",
      type: 'text',
      required: true,
    },
  },
  sourceOptions: {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        description: 'The file, relative to `rootPath`; `*` in its name stands for any characters.',
      },
      format: { enum: ['ndjson'], description: 'How records are written.' },
    },
    required: ['path'],
    additionalProperties: false,
  },
  targetOptions: {
    type: 'object',
    properties: {
      path: { type: 'string', minLength: 1, description: 'The file, relative to `rootPath`.' },
      format: { enum: ['ndjson'], description: 'How records are written.' },
    },
    required: ['path'],
    additionalProperties: false,
  },
  targetModes: ['append', 'replace'],
  open({ metadata }, { projectFolder }) {
    const root = resolve(projectFolder, String(metadata.rootPath))
    return {
      async check() {
        const found = await stat(root).catch((error: unknown) => {
          throw fileFault(error, root)
        })
        if (!found.isDirectory()) throw fault('configuration', `${root} is not a folder.`)
        await access(root, constants.R_OK).catch((error: unknown) => {
          throw fileFault(error, root)
        })
        const writable = await access(root, constants.W_OK).then(
          () => true,
          () => false,
        )
        return `${root} can be read${writable ? ' and written' : ', not written'}.`
      },
      source: (options) => readNdjson(root, String(options.path)),
      target: (options) => ({
        async begin(request) {
          await mkdir(root, { recursive: true })
          const path = String(options.path)
          return request.mode === 'replace' ? replaceFile(root, path, request) : appendTo(root, path, request)
        },
      }),
      close: async () => {},
    }
  },
}
