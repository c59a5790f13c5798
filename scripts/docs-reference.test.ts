import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { files as cli } from './docs-cli.ts'
import { files as connectors } from './docs-connectors.ts'
import { files as errors } from './docs-errors.ts'
import { files as roles } from './docs-roles.ts'
import { files as settings } from './docs-settings.ts'
import { files as transfer } from './docs-transfer.ts'

test.each(Object.entries({ ...cli, ...connectors, ...errors, ...roles, ...settings, ...transfer }))(
  '%s is what the code says',
  (file, make) => {
    expect(readFileSync(file, 'utf8'), 'run npm run docs:reference').toBe(make())
  },
)
