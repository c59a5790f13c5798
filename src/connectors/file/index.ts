/** Files in a local folder. Dapr calls the type `bindings.localstorage`, and the folder `rootPath`. */
import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fault } from '../../workflow/index.ts'
import type { Connector } from '../connector.ts'
import {
  fileFault,
  fileSource,
  fileSourceOptions,
  fileTarget,
  fileTargetModes,
  fileTargetOptions,
} from '../files/index.ts'
import { localStore } from './local-store.ts'

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
  sourceOptions: fileSourceOptions,
  targetOptions: fileTargetOptions,
  targetModes: fileTargetModes,
  open({ metadata }, host) {
    const root = resolve(host.projectFolder, String(metadata.rootPath))
    const store = localStore(root)
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
      source: (options) => fileSource(store, options, host),
      target: (options) => fileTarget(store, options, host),
      close: async () => {},
    }
  },
}
